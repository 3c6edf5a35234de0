"""middleware.py - gives a request its token and writes it to the log."""
import logging
import time

from shop import noise

_log = logging.getLogger("shop.access")


class RequestLog:
    def __init__(self, get_response):
        self.get_response = get_response
        noise.start()

    def __call__(self, request):
        begun = time.monotonic()
        request.token = request.headers.get("X-Token", "")
        response = self.get_response(request)
        _log.info("%s %s %d %.1f ms", request.method, request.path, response.status_code,
                  (time.monotonic() - begun) * 1e3)
        return response
