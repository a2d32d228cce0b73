"""What the application does all day, measured on as many invented projects as the country has."""

from collections.abc import Callable
from datetime import date

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bench.timing import Measure, bare_sql, replayed
from pilotage.photograph import photograph
from projects.models import Project
from projects.states import State
from projects.workflow import Entry, write_timeline
from territories.models import Department, Perimeter


def measures() -> list[Measure]:
    """On the projects that are in the database now."""
    day = timezone.localdate()
    client = Client()
    client.force_login(User.objects.get(username="bench"))
    project = Project.objects.order_by("pk").last()

    def page(address: str) -> Callable[[], object]:
        def visit() -> object:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)
            return response

        return visit

    photograph_sql = """
        SELECT p.lead_department_id, s.state, COUNT(*)
        FROM projects_stage s JOIN projects_project p ON p.id = s.project_id
        WHERE s.since <= %s AND (s.until IS NULL OR s.until > %s) GROUP BY 1, 2"""
    pages = {
        "liste des projets": "/projets/",
        "liste filtrée et triée": "/projets/?colonne=aci_signed&tri=-population",
        "fiche d'un projet": project.get_absolute_url(),
        "page d'accueil": "/",
        "page des superpositions": "/pilotage/superpositions/",
    }
    return [
        Measure(
            "photographie de la France",
            lambda: photograph(Department.objects.all(), day),
            bare_sql(photograph_sql, (day, day)),
            target=3,
        ),
        *(Measure(name, page(address), replayed(page(address))) for name, address in pages.items()),
    ]


def invent(count: int) -> None:
    forget()
    call_command("generate_demo", projects=count, seed=1)
    visited = Project.objects.order_by("pk").last()  # in the same state at both sizes: its page asks for the same facts
    write_timeline(visited, [Entry(State.VALIDATED, date(2026, 1, 5))], by=None)


def forget() -> None:
    Project.objects.all().delete()
    Perimeter.objects.all().delete()


def prepare() -> None:
    call_command("migrate", verbosity=0)
    call_command("load_geography")
    call_command("load_tariffs")
    User.objects.create_superuser("bench", first_name="Banc", last_name="d'essai")
