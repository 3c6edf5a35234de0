"""urls.py - the same addresses as in flask_shop."""
from django.urls import path

from . import views

urlpatterns = [
    path("", views.catalogue_page),
    path("catalogue/<int:number>/", views.catalogue_page),
    path("product/<str:sku>/", views.product_page),
    path("search/", views.search_page),
    path("cart/", views.cart_page, name="cart"),
    path("cart/add/", views.cart_add),
    path("cart/clear/", views.cart_clear),
    path("api/quote/", views.api_quote),
    path("health", views.health),
    path("truth", views.truth),
]
