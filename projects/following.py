"""What names communes besides perimeters follows them when they give way: contacts, conciliations under way."""

from collections.abc import Collection, Mapping

from django.db.models import Q
from django.utils import timezone

from projects.models import Conciliation, DirectoryEntry
from territories.models import Zone
from territories.succession import name_successors


def follow_zones(replaced: Mapping[Zone, Collection[Zone]]) -> None:
    """Those that have ended keep the communes of their time."""
    lasting = Q(until=None) | Q(until__gt=timezone.localdate())
    for model in (DirectoryEntry, Conciliation):
        name_successors(model.objects.filter(lasting), replaced)
