"""pprof.py - `go tool pprof` opens what leaktop exports, and says what is in it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import documents


def pprof(folder, *arguments):
    environment = dict(os.environ, HOME=folder, PPROF_TMPDIR=folder, LC_ALL="C.UTF-8")
    said = subprocess.run(["go", "tool", "pprof", *arguments], capture_output=True, text=True,
                          env=environment)
    assert said.returncode == 0, said
    return said.stdout


def rows(text):
    """{function: (flat, cum)} of -top, in bytes as it prints them."""
    return {m[3]: (m[1], m[2]) for m in
            re.finditer(r"^ *(\S+) +\S+% +\S+% +(\S+) +\S+%  (.*)$", text, re.M)}


def main():
    if shutil.which("go") is None:
        print("SKIP: needs go")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        path = documents.dummy(folder)
        profile = documents.export(path, os.path.join(folder, "x.pb.gz"))
        top = pprof(folder, "-top", profile)
        assert re.search("^Type: inuse_space$", top, re.M), top
        assert re.search("^File: python$", top, re.M) and "of process 41207 at web-3" in top, top
        assert "price_key" in rows(top) and "load_prices" in rows(top), top
        lines = pprof(folder, "-top", "-lines", profile)
        assert any("price_key /srv/shop/shop/cart.py:88" in name for name in rows(lines)), lines
        assert rows(lines), lines
        for kind in ("inuse_objects", "alloc_space", "alloc_objects"):
            assert "price_key" in rows(pprof(folder, "-top", "-sample_index=" + kind, profile))
        tree = pprof(folder, "-traces", profile)
        assert re.search(r"domain: *obj", tree.replace("domain:[obj]", "domain: obj")), tree[:2000]
        grown = documents.export(path, os.path.join(folder, "d.pb.gz"), "--delta")
        top = pprof(folder, "-top", grown)
        assert any(flat.startswith("-") for flat, _ in rows(top).values()), top
        for document in (documents.hostile(), documents.snapshot([])):
            path = documents.write(folder, "other.json", document)
            pprof(folder, "-raw", documents.export(path, os.path.join(folder, "o.pb.gz")))


main()
