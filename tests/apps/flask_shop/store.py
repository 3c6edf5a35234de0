"""store.py - the queries of the shop; one connection per thread, rows by name."""
import sqlite3
import threading

_GOODS = ("SELECT product.*, category.name AS category FROM product"
          " JOIN category ON category.id = category_id ")


class Store:
    def __init__(self, path):
        self._path = path
        self._local = threading.local()

    def _rows(self, query, *arguments):
        db = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = sqlite3.connect(self._path, timeout=20)
            db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query, arguments)]

    def page(self, number, length):
        return self._rows(_GOODS + "ORDER BY product.id LIMIT ? OFFSET ?", length,
                          (number - 1) * length)

    def product(self, sku):
        return next(iter(self._rows(_GOODS + "WHERE sku = ?", sku)), None)

    def products(self, skus):
        marks = ",".join("?" * len(skus))
        return self._rows(_GOODS + f"WHERE sku IN ({marks})", *skus)

    def reviews(self, product_id):
        return self._rows("SELECT * FROM review WHERE product_id = ? ORDER BY id", product_id)

    def also(self, product):
        return self._rows(_GOODS + "WHERE category_id = ? AND product.id <> ? LIMIT 4",
                          product["category_id"], product["id"])

    def search(self, words):
        return self._rows(_GOODS + "WHERE instr(product.name, ?) ORDER BY price_cents", words)
