"""What the frame of every page needs to know."""

import tomllib
from datetime import date
from functools import cache

from django import template
from django.conf import settings
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone

from accounts.models import User

register = template.Library()

SECTIONS = [
    ("Mon travail", "home"),
    ("Projets", "projects"),
    ("Territoires", "territory_map"),
    ("ACI", "contracts"),
    ("Pilotage", "photograph"),
]
OF_ANOTHER_SECTION = {  # than their address tells
    "overlaps": "territory_map",
    "conciliations": "territory_map",
    "aci_region": "photograph",
}
ADMINISTRATION = [("Importer", "imports"), ("Administration", "admin:index")]


@register.simple_tag
@cache
def version() -> str:
    """The version of this application, as its project file says."""
    return tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]


@register.simple_tag
def is_demo() -> bool:
    return settings.DEMO


@register.filter
def is_today(day: date) -> bool:
    return day == timezone.localdate()


@register.filter
def territory(user: User) -> str:
    """What a user answers for, in a few words: « 75, 93 », « Île-de-France », « France entière »."""
    if user.extent == User.Extent.DEPARTMENTS:
        return ", ".join(sorted(user.own_departments))
    return str(user.region or user.get_extent_display())


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: Context) -> dict:
    """The sections of the site; the current one is that whose address begins the page's address, the longest first."""
    request = context["request"]
    sections = SECTIONS + (ADMINISTRATION if request.user.is_administrator else [])
    links = [(label, reverse(name)) for label, name in sections]
    section_of = {url: url for _, url in links}
    section_of |= {reverse(page): reverse(section) for page, section in OF_ANOTHER_SECTION.items()}
    holding = [url for url in section_of if request.path == url or (url != "/" and request.path.startswith(url))]
    return {"links": links, "current": section_of.get(max(holding, key=len, default=""))}


@register.simple_tag(takes_context=True)
def kept_parameters(context: Context, *replaced: str) -> list[tuple[str, str]]:
    """What the address asks besides `replaced`: the hidden fields of a form that changes only these."""
    asked = context["request"].GET
    return [(name, value) for name in asked if name not in (*replaced, "page") for value in asked.getlist(name)]
