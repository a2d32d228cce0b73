"""What the imports of projects, structures and figures share: the file kept between its two steps."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from projects.models import ImportBatch
from projects.spreadsheets.opening import UnreadableFile

View = Callable[..., HttpResponse]
LOST = "Le fichier de cet import n'est plus conservé : envoyez-le à nouveau."
ALREADY = "Cet import a déjà été écrit : rien n'a été écrit une seconde fois."


def content_of(batch: ImportBatch) -> bytes:
    with batch.file.open() as file:
        return file.read()


def sends_back_to(upload_page: Callable[[HttpRequest], HttpResponse]) -> Callable[[View], View]:
    """A file that was kept may be lost (a database restored alone) or be refused by now: 410, and the first step."""

    def decorated(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except (FileNotFoundError, UnreadableFile) as error:
                messages.error(request, error.message_fr if isinstance(error, UnreadableFile) else LOST)
                page = upload_page(request)
                page.status_code = 410
                return page

        return checked

    return decorated
