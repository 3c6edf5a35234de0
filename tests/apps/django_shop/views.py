"""views.py - the pages of the shop."""
import os

from django.core.paginator import Paginator
from django.http import HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from shop import catalogue
from shop.leaks import TRUTH

from .models import Product


def catalogue_page(request, number=1):
    TRUTH.serve()
    goods = Product.objects.select_related("category").order_by("id")
    page = Paginator(goods, catalogue.PAGE_LENGTH).get_page(number)
    return render(request, "catalogue.html", {"page": page, "token": request.token})


def product_page(request, sku):
    TRUTH.serve()
    product = get_object_or_404(Product.objects.select_related("category"), sku=sku)
    also = Product.objects.filter(category=product.category).exclude(id=product.id)[:4]
    return render(request, "product.html", {
        "product": product, "reviews": product.reviews.order_by("id"), "also": also,
        "token": request.token})


def search_page(request):
    TRUTH.serve()
    words = request.GET.get("q", "")
    found = Product.objects.filter(name__contains=words).order_by("price_cents")
    return render(request, "search.html", {
        "words": words, "count": found.count(), "found": found[:15], "token": request.token})


def _lines_of(cart):
    goods = Product.objects.filter(sku__in=cart)
    lines = [{"product": p, "quantity": cart[p.sku], "cents": cart[p.sku] * p.price_cents}
             for p in goods]
    return lines, sum(line["cents"] for line in lines)


def cart_page(request):
    TRUTH.serve()
    lines, cents = _lines_of(request.session.get("cart", {}))
    return render(request, "cart.html", {"lines": lines, "cents": cents, "token": request.token})


@require_POST
def cart_add(request):
    TRUTH.serve()
    product = get_object_or_404(Product, sku=request.POST.get("sku", ""))
    cart = request.session.setdefault("cart", {})
    cart[product.sku] = cart.get(product.sku, 0) + int(request.POST.get("quantity", "1"))
    request.session.modified = True
    lines, cents = _lines_of(cart)
    return JsonResponse({"token": request.token, "lines": len(lines), "cents": cents})


@require_POST
def cart_clear(request):
    request.session["cart"] = {}
    return redirect("cart")


def api_quote(request):
    TRUTH.serve()
    try:
        wanted = {sku: int(quantity) for sku, quantity in
                  (item.split("*") for item in request.GET.get("items", "").split(","))}
    except ValueError:
        return HttpResponseBadRequest("items=SKU*QUANTITY,...")
    lines, cents = _lines_of(wanted)
    return JsonResponse({
        "token": request.token, "cents": cents,
        "lines": [{"sku": line["product"].sku, "name": line["product"].name,
                   "quantity": line["quantity"], "cents": line["cents"]} for line in lines]})


def health(request):
    return JsonResponse({"status": "ok", "pid": os.getpid(), "app": "django"})


def truth(request):
    return JsonResponse(TRUTH.report())
