"""catalogue.py - the goods of the shop.

Every product follows from its number, so the load generator knows what a page
has to say without asking the database.
"""
import collections
import fcntl
import os
import sqlite3

PRODUCT_COUNT = 480
PAGE_LENGTH = 20
REVIEW_COUNT = 3

_NOUNS = ("lamp", "chair", "kettle", "jacket", "bottle", "notebook", "clock", "basket",
          "mirror", "blanket", "teapot", "ladder")
_WORDS = ("oak", "linen", "copper", "amber", "slate", "willow", "cobalt", "ivory", "maple",
          "walnut", "sage", "coral")
_SENTENCE = ("Made to last and easy to mend, with spare parts kept for ten years; "
             "the {word} {noun} leaves the workshop checked by hand. ")

Product = collections.namedtuple("Product", "number sku name category price_cents text")

_SCHEMA = """
CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE product (id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    category_id INTEGER NOT NULL REFERENCES category (id), price_cents INTEGER NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE review (id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product (id),
    author TEXT NOT NULL, stars INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX review_product ON review (product_id);
CREATE TABLE django_session (session_key VARCHAR(40) PRIMARY KEY, session_data TEXT NOT NULL,
    expire_date DATETIME NOT NULL);
CREATE INDEX django_session_expire ON django_session (expire_date);
"""


def product(number):
    noun = _NOUNS[number % len(_NOUNS)]
    word = _WORDS[number // len(_NOUNS) % len(_WORDS)]
    return Product(number, f"SKU-{number:04d}", f"{word} {noun} no. {number}", noun,
                   995 + number * 37 % 9000, _SENTENCE.format(word=word, noun=noun) * 3)


def search_count(noun):
    """How many products a search for the category's word finds."""
    return sum(1 for n in range(PRODUCT_COUNT) if noun in product(n).name)


def page_count():
    return (PRODUCT_COUNT + PAGE_LENGTH - 1) // PAGE_LENGTH


def nouns():
    return _NOUNS


def _fill(db):
    db.executescript(_SCHEMA)
    db.executemany("INSERT INTO category VALUES (?, ?)", enumerate(_NOUNS, 1))
    for number in range(PRODUCT_COUNT):
        p = product(number)
        db.execute("INSERT INTO product VALUES (?, ?, ?, ?, ?, ?)",
                   (number + 1, p.sku, p.name, _NOUNS.index(p.category) + 1, p.price_cents,
                    p.text))
        db.executemany("INSERT INTO review (product_id, author, stars, text) VALUES (?, ?, ?, ?)",
                       [(number + 1, f"customer {number * 7 + n}", 1 + (number + n) % 5,
                         f"Review {n}: the {p.name} arrived in time.")
                        for n in range(REVIEW_COUNT)])


def ensure(folder):
    """Path of the database in folder; made and filled by whichever worker comes first."""
    path = os.path.join(folder, "shop.sqlite3")
    with open(os.path.join(folder, "seed.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            unfinished = path + ".new"
            db = sqlite3.connect(unfinished)
            with db:
                _fill(db)
            db.close()
            os.rename(unfinished, path)
            db = sqlite3.connect(path)
            db.execute("PRAGMA journal_mode = WAL")
            db.close()
    return path
