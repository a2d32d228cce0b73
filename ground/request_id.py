"""A short id for each request, on every log line and in the answer, so that a report can be found in the log."""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

_current: ContextVar[str] = ContextVar("request_id", default="-")
_log = logging.getLogger("cpts.request")


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True


class RequestIdMiddleware:
    """Logs method, path (never the query nor who asks: they may be personal data), status and duration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex[:12]
        _current.set(request.request_id)  # until the next request: Django logs its warnings after this one
        started = time.monotonic()
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        duration = (time.monotonic() - started) * 1000
        path = escape_uri_path(request.path)  # a line break in an address must not begin a line of the log
        _log.info("%s %s %s %.0f ms", request.method, path, response.status_code, duration)
        return response
