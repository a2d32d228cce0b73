"""The catalogue of indicators: who keeps it, who uses what, its list as it stands in its address."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import django_filters as filters
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from aci.contracts import agreed_of
from aci.indicators import Calculation, Direction
from aci.models import Contract, Indicator, IndicatorSet, NegotiatedIndicator
from aci.proposals import mission_labels
from ground.tables import Column
from ground.text import search_form
from projects.filters import ListFilter, readable_regions
from territories.models import Region

NOT_YOURS = "Le catalogue régional est tenu par les responsables et les administrateurs de la région."
RETIRED, ALL, LOCAL, REGIONAL, PAYING, FOLLOWED = "retires", "tous", "local", "socle", "oui", "non"


def own_regions(user: User) -> QuerySet[Region]:
    """The regions whose catalogue `user` keeps: who answers for some departments does not change that of the others."""
    is_in_charge = user.is_writer and (user.is_administrator or user.role == User.Role.MANAGER)
    if not is_in_charge or user.extent == User.Extent.DEPARTMENTS:
        return Region.objects.none()
    return user.readable_regions()


def may_keep(user: User, indicator: Indicator) -> bool:
    """A local indicator is kept by who writes on its project."""
    if indicator.project_id:
        return user.can_write_in(indicator.project.department_codes())
    return own_regions(user).filter(pk=indicator.region_id).exists()


def standing() -> QuerySet[IndicatorSet]:
    """The version that counts for each contract year: the one retained, the last one as long as none is."""
    others = IndicatorSet.objects.filter(contract=OuterRef("contract"), year=OuterRef("year"))
    better = others.filter(Q(retained_on__isnull=False) | Q(number__gt=OuterRef("number")))
    return IndicatorSet.objects.filter(Q(retained_on__isnull=False) | ~Exists(better))


def with_uses(indicators: QuerySet[Indicator]) -> QuerySet[Indicator]:
    """Adds `uses`: in how many contracts each is negotiated or retained."""
    used = NegotiatedIndicator.objects.filter(indicator=OuterRef("pk"), indicator_set__in=standing())
    count = used.order_by().values("indicator").annotate(n=Count("indicator_set__contract", distinct=True)).values("n")
    return indicators.annotate(uses=Subquery(count)).select_related("region", "project")


@dataclass(frozen=True, slots=True)
class Use:
    """An indicator in a contract year; `most` in euros."""

    negotiated: NegotiatedIndicator
    most: Decimal | None  # None: it pays a share of the envelope, `weight`

    @property
    def version(self) -> IndicatorSet:
        return self.negotiated.indicator_set


def uses_of(indicator: Indicator, user: User) -> list[Use]:
    """Where it is negotiated or retained, CPTS by CPTS and year by year."""
    rows = (
        NegotiatedIndicator.objects.filter(indicator=indicator, indicator_set__in=standing())
        .filter(indicator_set__contract__in=Contract.objects.for_user(user))
        .select_related("indicator", "indicator_set__contract__project__lead_department")
        .prefetch_related("steps")
        .order_by("indicator_set__contract__project__name", "indicator_set__contract", "indicator_set__year")
    )
    return [Use(row, _most(row)) for row in rows]


def _most(row: NegotiatedIndicator) -> Decimal | None:
    if not row.is_paying:
        return Decimal(0)
    return agreed_of(row).most if row.indicator_set.calculation == Calculation.STEPS else None


def is_in_a_retained_version(indicator: Indicator) -> bool:
    """What it measures and pays is then a matter of contract."""
    return indicator.negotiated.filter(indicator_set__retained_on__isnull=False).exists()


def mission_label(indicator: Indicator) -> str:
    return getattr(indicator, "mission_label", indicator.mission)


def named(indicators: Iterable[Indicator]) -> list[Indicator]:
    """The same, each knowing how its mission is called."""
    labels = mission_labels()
    rows = list(indicators)
    for indicator in rows:
        indicator.mission_label = labels.get(indicator.mission, indicator.mission)
    return rows


INDICATOR_COLUMNS = [
    Column("intitule", "Indicateur", lambda each: each.label, sort="label"),
    Column("mission", "Mission", mission_label, sort="mission"),
    Column("nature", "Nature", lambda each: each.get_nature_display(), sort="nature"),
    Column("payant", "Effet", lambda each: "Payant" if each.is_paying else "Suivi", sort="is_paying"),
    Column("origine", "Origine", lambda each: each.get_origin_display(), sort="origin"),
    Column("sens", "Sens", lambda each: each.get_direction_display(), sort="direction"),
    Column("priorite", "Priorité", lambda each: each.priority, is_number=True, sort="priority"),
    Column("portee", "Portée", lambda each: f"Local : {each.project.name}" if each.project_id else "Régional"),
    Column("contrats", "Contrats", lambda each: each.uses or 0, is_number=True, sort="uses"),
    Column("region", "Région", lambda each: str(each.region), shown=False),
    Column("code", "Code", lambda each: each.code, sort="code", shown=False),
    Column("definition", "Définition", lambda each: each.definition, shown=False),
    Column("calcul", "Mode de calcul", lambda each: each.method, shown=False),
    Column("source", "Source des données", lambda each: each.source, shown=False),
    Column("pieces", "Pièces", lambda each: each.pieces, shown=False),
    Column("jusqu_au", "Retiré le", lambda each: each.until, shown=False),
]


def missions() -> list[tuple[str, str]]:
    """Read when the form is made, never before."""
    return list(mission_labels().items())


class IndicatorFilter(ListFilter):
    """Those in use today; those that were retired only when asked for."""

    q = filters.CharFilter(method="named", label="Intitulé")
    region = filters.ModelChoiceFilter(queryset=readable_regions, label="Région", empty_label="Toutes")
    mission = filters.ChoiceFilter(choices=missions, label="Mission", empty_label="Toutes")
    nature = filters.ChoiceFilter(choices=Indicator.Nature.choices, label="Nature", empty_label="Toutes")
    payant = filters.ChoiceFilter(
        method="of_effect", choices=[(PAYING, "Payants"), (FOLLOWED, "De suivi")], label="Effet", empty_label="Tous"
    )
    origine = filters.ChoiceFilter(
        field_name="origin", choices=Indicator.Origin.choices, label="Origine", empty_label="Toutes"
    )
    portee = filters.ChoiceFilter(
        method="of_scope",
        choices=[(REGIONAL, "Socle régional"), (LOCAL, "Locaux")],
        label="Portée",
        empty_label="Toutes",
    )
    priorite = filters.ChoiceFilter(
        field_name="priority", choices=[(rank, str(rank)) for rank in (1, 2, 3)], label="Priorité", empty_label="Toutes"
    )
    sens = filters.ChoiceFilter(
        field_name="direction",
        choices=[(word.value, word.label) for word in Direction],
        label="Sens",
        empty_label="Tous",
    )
    etat = filters.ChoiceFilter(
        method="unchanged",
        choices=[(RETIRED, "Retirés"), (ALL, "Tous")],
        label="Au catalogue",
        empty_label="En usage",
    )

    class Meta:
        model = Indicator
        form = DsfrBaseForm
        fields = []

    def named(self, rows: QuerySet[Indicator], name: str, words: str) -> QuerySet[Indicator]:
        """Every word, whatever the accents and capitals. A catalogue is small: it is searched in memory."""
        wanted = search_form(words).split()
        labels = ((pk, search_form(label)) for pk, label in rows.values_list("pk", "label"))
        return rows.filter(pk__in=[pk for pk, label in labels if all(word in label for word in wanted)])

    def of_scope(self, rows: QuerySet[Indicator], name: str, value: str) -> QuerySet[Indicator]:
        return rows.filter(project__isnull=value == REGIONAL)

    def of_effect(self, rows: QuerySet[Indicator], name: str, value: str) -> QuerySet[Indicator]:
        return rows.filter(is_paying=value == PAYING)

    def filter_queryset(self, rows: QuerySet[Indicator]) -> QuerySet[Indicator]:
        rows = super().filter_queryset(rows)
        today, asked = timezone.localdate(), self.form.cleaned_data["etat"]
        if asked == RETIRED:
            rows = rows.filter(until__lte=today)
        elif asked != ALL:
            rows = rows.filter(Q(until=None) | Q(until__gt=today))
        return with_uses(rows)
