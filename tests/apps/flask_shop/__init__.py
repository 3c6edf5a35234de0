"""flask_shop - the shop as a Flask application: sqlite3, Jinja, signed cookie sessions."""
