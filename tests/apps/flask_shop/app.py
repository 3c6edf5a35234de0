"""app.py - the same pages at the same addresses as in django_shop."""
import logging
import os
import time

from flask import Flask, abort, g, jsonify, redirect, render_template, request, session

from shop import catalogue, noise
from shop.leaks import TRUTH

from .store import Store

SHOP_DIR = os.environ["SHOP_DIR"]

app = Flask(__name__)
app.secret_key = "only-for-tests-on-loopback"
store = Store(catalogue.ensure(SHOP_DIR))
_log = logging.getLogger("shop.access")


def _log_to_file():
    handler = logging.FileHandler(os.path.join(SHOP_DIR, "shop.log"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


@app.before_request
def _begin():
    g.begun = time.monotonic()
    g.token = request.headers.get("X-Token", "")


@app.after_request
def _end(response):
    _log.info("%s %s %d %.1f ms", request.method, request.path, response.status_code,
              (time.monotonic() - g.begun) * 1e3)
    return response


@app.get("/")
@app.get("/catalogue/<int:number>/")
def catalogue_page(number=1):
    TRUTH.serve()
    page = {"number": number, "count": catalogue.page_count(),
            "goods": store.page(number, catalogue.PAGE_LENGTH)}
    return render_template("catalogue.html", page=page, token=g.token)


@app.get("/product/<sku>/")
def product_page(sku):
    TRUTH.serve()
    product = store.product(sku)
    if product is None:
        abort(404)
    return render_template("product.html", product=product, reviews=store.reviews(product["id"]),
                           also=store.also(product), token=g.token)


@app.get("/search/")
def search_page():
    TRUTH.serve()
    words = request.args.get("q", "")
    found = store.search(words)
    return render_template("search.html", words=words, count=len(found), found=found[:15],
                           token=g.token)


def _lines_of(cart):
    lines = [{"product": p, "quantity": cart[p["sku"]], "cents": cart[p["sku"]] * p["price_cents"]}
             for p in store.products(list(cart))]
    return lines, sum(line["cents"] for line in lines)


@app.get("/cart/")
def cart_page():
    TRUTH.serve()
    lines, cents = _lines_of(session.get("cart", {}))
    return render_template("cart.html", lines=lines, cents=cents, token=g.token)


@app.post("/cart/add/")
def cart_add():
    TRUTH.serve()
    product = store.product(request.form.get("sku", ""))
    if product is None:
        abort(404)
    cart = session.setdefault("cart", {})
    cart[product["sku"]] = cart.get(product["sku"], 0) + int(request.form.get("quantity", "1"))
    session.modified = True
    lines, cents = _lines_of(cart)
    return jsonify(token=g.token, lines=len(lines), cents=cents)


@app.post("/cart/clear/")
def cart_clear():
    session["cart"] = {}
    return redirect("/cart/")


@app.get("/api/quote/")
def api_quote():
    TRUTH.serve()
    try:
        wanted = {sku: int(quantity) for sku, quantity in
                  (item.split("*") for item in request.args.get("items", "").split(","))}
    except ValueError:
        abort(400, "items=SKU*QUANTITY,...")
    lines, cents = _lines_of(wanted)
    return jsonify(token=g.token, cents=cents, lines=[
        {"sku": line["product"]["sku"], "name": line["product"]["name"],
         "quantity": line["quantity"], "cents": line["cents"]} for line in lines])


@app.get("/health")
def health():
    return jsonify(status="ok", pid=os.getpid(), app="flask")


@app.get("/truth")
def truth():
    return jsonify(TRUTH.report())


_log_to_file()
noise.start()
application = app
