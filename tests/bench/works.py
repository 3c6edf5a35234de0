"""works.py - the programs which are measured: each makes an operation, a function of some ms.

What an operation allocates it also gives back, except for what free lists and caches keep.
"""
import concurrent.futures
import ctypes
import itertools
import json
import os
import types

import mix

_APPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "apps")


# ---- json -----------------------------------------------------------------------------------------

_DOCUMENT = json.dumps([{"id": n, "name": f"customer {n}", "tags": ["a", "b", str(n)],
                         "balance": n * 1.5, "open": n % 2 == 0} for n in range(400)])


def _json():
    for _ in range(3):
        json.dumps(json.loads(_DOCUMENT))


# ---- objects ---------------------------------------------------------------------------------------

class Node:
    def __init__(self, value, parent):
        self.value = value
        self.parent = parent


def _objects():
    root = Node(0, None)
    kept = [Node(str(n), root) for n in range(4000)]
    rows = [{"n": n, "text": "x" * (n % 300), "pair": (n, n + 1)} for n in range(4000)]
    return sum(len(node.value) for node in kept) + len(rows)


# ---- templates: the catalogue of the shop, without a service around it -------------------------------

def _make_templates():
    from django.conf import settings
    from django.core.paginator import Paginator
    from django.template import engines
    import django
    folder = os.path.join(_APPS, "django_shop", "templates")
    loaders = [("django.template.loaders.cached.Loader",
                ["django.template.loaders.filesystem.Loader"])]
    settings.configure(TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [folder], "OPTIONS": {"loaders": loaders}}])
    django.setup()
    category = types.SimpleNamespace(name="lamp")
    goods = [types.SimpleNamespace(sku=f"SKU-{n:04d}", name=f"oak lamp no. {n}", price_cents=995 + n,
                                   category=category, text="made to last and easy to mend " * 5)
             for n in range(60)]
    page = Paginator(goods, 40).get_page(1)
    template = engines["django"].get_template("catalogue.html")

    def render():
        return template.render({"page": page, "token": "t"})
    return render


# ---- mix, threads -----------------------------------------------------------------------------------

def _mix():
    return [part() for part in mix.PARTS]


def _make_threads():
    pool = concurrent.futures.ThreadPoolExecutor(4)
    document = json.dumps(json.loads(_DOCUMENT)[:100])

    def shift(number):
        json.dumps(json.loads(document))
        return mix.pipeline() + mix.report(60) + mix.clerks() + number

    def work():
        return list(pool.map(shift, range(4)))
    return work


# ---- blocks: the hooks and next to nothing else, below 30 frames -------------------------------------

BLOCKS = 500        # of an operation: so many small blocks are taken and given back
BLOCK_BYTES = 249
_FRAMES = 30


def _deep(frames, function):
    return function() if frames == 0 else _deep(frames - 1, function)


def _blocks():
    text = "x"
    for _ in itertools.repeat(None, BLOCKS):
        text * 200      # with the head of a str: BLOCK_BYTES


def _make_blocks():
    """_blocks is the 30th frame from the outside: main, the operation, 27 of _deep, and itself."""
    return lambda: _deep(_FRAMES - 4, _blocks)


def _make_native_blocks():
    """As deep, and as many frames of C more; the blocks come from malloc."""
    take = ctypes.CDLL(os.environ["BENCH_NATIVE_BLOCKS"]).take_blocks
    return lambda: _deep(_FRAMES - 4, lambda: take(_FRAMES, BLOCKS))


MAKERS = {
    "json": lambda: _json,
    "objects": lambda: _objects,
    "templates": _make_templates,
    "mix": lambda: _mix,
    "threads": _make_threads,
    "blocks": _make_blocks,
    "native-blocks": _make_native_blocks,
}
