#!/usr/bin/python3
"""load.py - shoppers for the shop: keeps connections busy and checks every answer.

    load.py --port PORT [--seconds S] [--requests N] [--rate R] [--connections C] [--seed N]
                        [--each-line]

With --each-line it does so once for each line of its input, and prints a line each time.  Ends after S seconds, N requests, SIGTERM or SIGINT, whichever is first; prints JSON; exits 1 when
an answer was wrong or missing.  --rate 0 asks as fast as answers come.  Which pages are asked
for, in which order, follows from the seed alone.  Talks to 127.0.0.1 and to nobody else.
"""
import argparse
import json
import os
import random
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from shop import catalogue  # noqa: E402

_ANSWER_TIMEOUT_S = 30
_CART_LINES_MAX = 6
_WRONG_KEPT = 5


class Wrong(Exception):
    """The service answered, and not what it should have."""


class Connection:
    """HTTP/1.1 with keep-alive: as little as is needed, for the load shares the processors."""

    def __init__(self, port):
        self._port = port
        self._socket = None
        self._cookie = ""
        self.opened = 0

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, method, path, token, body=""):
        """(status, body as text)"""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), _ANSWER_TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.opened += 1
        form = ("Content-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n") if method == "POST" else ""
        cookie = f"Cookie: {self._cookie}\r\n" if self._cookie else ""
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Token: {token}\r\n"
                             f"{cookie}{form}\r\n{body}".encode())
        return self._answer()

    def _answer(self):
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            self._more(data)
        lines = data[:end].decode("latin-1").split("\r\n")
        length = None
        closing = False
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            name = name.lower()
            if name == "content-length":
                length = int(value)
            elif name == "set-cookie":
                self._cookie = value.partition(";")[0]
            elif name == "connection":
                closing = value.lower() == "close"
        if length is None:
            raise Wrong("answer without Content-Length")
        while len(data) < end + 4 + length:
            self._more(data)
        if closing:
            self.close()
        return int(lines[0].split(" ", 2)[1]), data[end + 4:].decode()

    def _more(self, data):
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the service closed the connection within an answer")
        data += part


class Shopper:
    """One visitor with a session; knows what each page has to say."""

    def __init__(self, port, seed, number):
        self.connection = Connection(port)
        self._random = random.Random(seed * 1009 + number)
        self._prefix = f"t{number:03d}-{seed}"
        self._asked = 0
        self._cart = {}

    def step(self):
        """One request of the mix; its name.  Raises Wrong."""
        name, = self._random.choices(_PAGES, _WEIGHTS)
        self._asked += 1
        getattr(self, "_" + name)(f"{self._prefix}-{self._asked:08d}")
        return name

    def _product(self):
        return catalogue.product(self._random.randrange(catalogue.PRODUCT_COUNT))

    def _page(self, token, path, *parts):
        status, text = self.connection.ask("GET", path, token)
        if status != 200:
            raise Wrong(f"GET {path}: status {status}")
        for part in (f'data-token="{token}"', f"Answered to {token}</footer>", *parts):
            if part not in text:
                raise Wrong(f"GET {path}: no {part} in the page: {text[:300]}")

    def _json(self, token, method, path, body, expected):
        status, text = self.connection.ask(method, path, token, body)
        if status != 200:
            raise Wrong(f"{method} {path}: status {status}")
        answer = json.loads(text)
        for name, value in {"token": token, **expected}.items():
            if answer.get(name) != value:
                raise Wrong(f"{method} {path}: {name} is {answer.get(name)}, not {value}")

    def _catalogue(self, token):
        number = self._random.randint(1, catalogue.page_count())
        first = catalogue.product((number - 1) * catalogue.PAGE_LENGTH)
        self._page(token, f"/catalogue/{number}/", f'data-sku="{first.sku}"', first.name.title())

    def _goods(self, token):
        p = self._product()
        self._page(token, f"/product/{p.sku}/", f'data-sku="{p.sku}"',
                   f'data-cents="{p.price_cents}"', p.text)

    def _search(self, token):
        noun = self._random.choice(catalogue.nouns())
        self._page(token, f"/search/?q={noun}", f'data-count="{catalogue.search_count(noun)}"')

    def _cents(self):
        return sum(n * p.price_cents for p, n in self._cart.values())

    def _cart_page(self, token):
        self._page(token, "/cart/", f'data-cents="{self._cents()}"',
                   f'data-lines="{len(self._cart)}"')

    def _cart_add(self, token):
        if len(self._cart) >= _CART_LINES_MAX:
            status, _ = self.connection.ask("POST", "/cart/clear/", token)
            if status != 302:
                raise Wrong(f"POST /cart/clear/: status {status}")
            self._cart = {}
        p = self._product()
        quantity = self._random.randint(1, 3)
        self._cart[p.sku] = (p, quantity + self._cart.get(p.sku, (p, 0))[1])
        self._json(token, "POST", "/cart/add/", f"sku={p.sku}&quantity={quantity}",
                   {"lines": len(self._cart), "cents": self._cents()})

    def _quote(self, token):
        wanted = {p.sku: (p, self._random.randint(1, 5))
                  for p in (self._product() for _ in range(4))}
        items = ",".join(f"{sku}*{n}" for sku, (_, n) in wanted.items())
        self._json(token, "GET", f"/api/quote/?items={items}", "",
                   {"cents": sum(n * p.price_cents for p, n in wanted.values())})


_MIX = {"catalogue": 20, "goods": 35, "search": 8, "cart_page": 10, "cart_add": 12, "quote": 15}
_PAGES, _WEIGHTS = list(_MIX), list(_MIX.values())


class Load:
    """All the shoppers, a thread each."""

    def __init__(self, port, connections=4, rate=0, seed=1, requests=0):
        self._shoppers = [Shopper(port, seed, n) for n in range(connections)]
        self._interval_s = connections / rate if rate else 0
        self._left = requests or sys.maxsize
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._latencies_s = []
        self._mix = dict.fromkeys(_MIX, 0)
        self._wrong = []
        self._wrong_count = 0
        self._threads = [threading.Thread(target=self._shop, args=(n, s), daemon=True)
                         for n, s in enumerate(self._shoppers)]
        self._begun = self._ended = 0.0

    def start(self):
        self._begun = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()

    def join(self, timeout_s=None):
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(None if deadline is None else max(0, deadline - time.monotonic()))
        self._ended = time.monotonic()
        return not any(thread.is_alive() for thread in self._threads)

    def _take(self):
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _shop(self, number, shopper):
        due = self._begun + self._interval_s * number / len(self._shoppers)
        while not self._stop.wait(max(0, due - time.monotonic())) and self._take():
            begun = time.monotonic()
            try:
                name = shopper.step()
            except (Wrong, OSError, ValueError) as why:
                self._complain(f"{type(why).__name__}: {why}")
                shopper.connection.close()
                self._stop.wait(0.1)  # a dead service is not to be asked in a busy loop
            else:
                self._latencies_s.append(time.monotonic() - begun)
                self._mix[name] += 1
            # late requests are not made up for: the load is a rate, not a backlog
            due = max(due + self._interval_s, time.monotonic()) if self._interval_s else 0
        shopper.connection.close()

    def _complain(self, words):
        with self._lock:
            self._wrong_count += 1
            if len(self._wrong) < _WRONG_KEPT:
                self._wrong.append(words)

    def result(self):
        sorted_s = sorted(self._latencies_s)
        seconds = self._ended - self._begun

        def percentile_ms(share):
            return round(1e3 * sorted_s[int(share * (len(sorted_s) - 1))], 3) if sorted_s else None

        return {"requests": len(sorted_s), "wrong": self._wrong_count, "examples": self._wrong,
                "seconds": round(seconds, 3),
                "requests_per_s": round(len(sorted_s) / seconds, 2) if seconds else None,
                "p50_ms": percentile_ms(0.50), "p99_ms": percentile_ms(0.99),
                "max_ms": percentile_ms(1.0), "mix": self._mix,
                "connections_opened": sum(s.connection.opened for s in self._shoppers)}


def _arguments():
    parser = argparse.ArgumentParser(description="load for tests/apps; JSON on stdout")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--requests", type=int, default=0, help="0: no bound but the time")
    parser.add_argument("--rate", type=float, default=0, help="per second; 0: as fast as it goes")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each-line", action="store_true")
    return parser.parse_args()


def _ask(options):
    """Whether all was asked for and answered right."""
    load = Load(options.port, options.connections, options.rate, options.seed, options.requests)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: load.stop())
    load.start()
    load.join(options.seconds)
    load.stop()
    finished = load.join(_ANSWER_TIMEOUT_S)
    result = load.result()
    print(json.dumps(result), flush=True)
    return finished and not result["wrong"] and result["requests"] > 0


def main():
    options = _arguments()
    return 0 if all(_ask(options) for _ in (sys.stdin if options.each_line else (None,))) else 1


if __name__ == "__main__":
    sys.exit(main())
