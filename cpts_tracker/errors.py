"""Error pages in the house's look; each says why and what to do."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return content_too_large(request)
    reason = str(exception) if isinstance(exception, BadRequest) else ""  # Django's own reasons are not for users
    return render(request, "errors/400.html", {"reason": reason}, status=400)


@login_not_required
def content_too_large(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/413.html", status=413)


@login_not_required
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403_csrf.html", status=403)


@login_not_required
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def method_not_allowed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: Django has no handler for an address opened in a way it does not answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            response.content = render_to_string("errors/405.html", request=request)
        return response

    return middleware


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: what broke may break again (the session, the user, the database)."""
    request_id = getattr(request, "request_id", "")
    return HttpResponse(render_to_string("errors/500.html", {"request_id": request_id}), status=500)
