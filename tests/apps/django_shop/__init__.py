"""django_shop - the shop as a Django site: ORM, templates, sessions in the database."""
