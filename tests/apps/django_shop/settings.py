"""settings.py - SHOP_DIR is the folder of the database and of the log."""
import os
import pathlib

from shop import catalogue

BASE_DIR = pathlib.Path(__file__).resolve().parent
SHOP_DIR = os.environ["SHOP_DIR"]

SECRET_KEY = "only-for-tests-on-loopback"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "django_shop.urls"
WSGI_APPLICATION = "django_shop.wsgi.application"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.sessions", "django_shop"]
MIDDLEWARE = [
    "django_shop.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": catalogue.ensure(SHOP_DIR),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"timeout": 20},
    }
}
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [BASE_DIR / "templates"],
    "OPTIONS": {
        "loaders": [("django.template.loaders.cached.Loader",
                     ["django.template.loaders.filesystem.Loader"])],
    },
}]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(name)s %(message)s"}},
    "handlers": {"file": {
        "class": "logging.FileHandler", "formatter": "line",
        "filename": os.path.join(SHOP_DIR, "shop.log"),
    }},
    "root": {"handlers": ["file"], "level": "INFO"},
}
