"""What surrounds the projects of the demonstration: structures, figures by commune, CLS signed; all invented."""

import random
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from projects.context.around import cls_to_sign
from projects.context.structure_plan import read, write_structures
from projects.models import ClsSignature, Project
from projects.states import State
from territories.models import Figure, FigureValue, Structure, Zone

PATH = settings.BASE_DIR / "fixtures" / "demo" / "structures.csv"
SOURCE = "Inventé pour la démonstration"
AS_OF = date(2024, 12, 31)
SIGNED = 3
SEED = 20_261


@transaction.atomic
def load_context(region: str, by: User) -> int:
    """Returns how many structures there are; what people have changed since stays as they made it."""
    if not Structure.objects.exists():
        write_structures(read(PATH.read_bytes(), PATH.name), None)
        Structure.objects.update(source=SOURCE)
        _sign(by)
    _figure(region, "Patients en ALD (inventé)", "patients", Figure.Mode.SUM)
    _figure(region, "Patients de 17 ans et plus sans médecin traitant (inventé)", "%", Figure.Mode.BY_POPULATION)
    return Structure.objects.count()


def _sign(by: User) -> None:
    """The first projects under ACI that have a contrat local de santé on their territory have signed it."""
    today = timezone.localdate()
    left = SIGNED
    for project in Project.objects.in_states({State.ACI_SIGNED}, today).order_by("pk"):
        cls = cls_to_sign(project, today, by).exclude(since=None).first()
        if cls and left:
            signed_on = min(cls.since + timedelta(days=90), today)
            ClsSignature.objects.create(project=project, structure=cls, signed_on=signed_on, recorded_by=by)
            left -= 1


def _figure(region: str, name: str, unit: str, mode: str) -> None:
    """Invented values around plausible ones, the same at each loading; one commune in forty is kept secret."""
    told = {"unit": unit, "mode": mode, "source": SOURCE}
    figure, is_new = Figure.objects.get_or_create(name=name, as_of=AS_OF, defaults=told)
    if not is_new:
        return
    draw = random.Random(f"{SEED} {name}")  # noqa: S311 - nothing secret is drawn
    values = []
    for pk, population in (
        Zone.objects.leaves().filter(department__region=region).order_by("code").values_list("pk", "population")
    ):
        share = Decimal(draw.randint(90, 210)) / 10
        value = share if mode == Figure.Mode.BY_POPULATION else Decimal(round(population * share / 100))
        if draw.random() > 1 / 40:
            values.append(FigureValue(figure=figure, zone_id=pk, value=value))
    FigureValue.objects.bulk_create(values)
