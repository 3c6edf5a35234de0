"""models.py - the tables that shop.catalogue makes, seen through the ORM."""
from django.db import models


class Category(models.Model):
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "category"


class Product(models.Model):
    sku = models.TextField(unique=True)
    name = models.TextField()
    category = models.ForeignKey(Category, models.CASCADE)
    price_cents = models.IntegerField()
    text = models.TextField()

    class Meta:
        managed = False
        db_table = "product"


class Review(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    author = models.TextField()
    stars = models.IntegerField()
    text = models.TextField()

    class Meta:
        managed = False
        db_table = "review"
