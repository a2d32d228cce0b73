"""Rows for tests. What is not said is invented and collides with no real INSEE code (department 99)."""

from datetime import date

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Institution, User
from aci.models import Contract, Meeting, Tariff
from projects.models import Project
from projects.states import State
from projects.workflow import Entry, write_timeline
from territories.models import Department, Perimeter, Region, Structure, Zone


class RegionFactory(DjangoModelFactory):
    code = "99"
    name = factory.LazyAttribute(lambda region: f"Région {region.code}")

    class Meta:
        model = Region
        django_get_or_create = ["code"]


class DepartmentFactory(DjangoModelFactory):
    code = "99"
    name = factory.LazyAttribute(lambda department: f"Département {department.code}")
    region = factory.SubFactory(RegionFactory)

    class Meta:
        model = Department
        django_get_or_create = ["code"]


class ZoneFactory(DjangoModelFactory):
    """A commune of 1 000 inhabitants; with `parent=`, one of its arrondissements."""

    code = factory.Sequence(lambda n: f"99{n:03d}")
    name = factory.LazyAttribute(lambda zone: f"Commune {zone.code}")
    kind = factory.LazyAttribute(lambda zone: Zone.Kind.ARRONDISSEMENT if zone.parent else Zone.Kind.COMMUNE)
    parent = None
    department = factory.Maybe(
        "parent", factory.SelfAttribute("parent.department"), factory.SubFactory(DepartmentFactory)
    )
    population = 1_000
    vintage = 2023

    class Meta:
        model = Zone

    @classmethod
    def _create(cls, model_class, *args, code, **said):
        """A real code may be there already, when a test before has loaded the geography: it is told otherwise."""
        return model_class.objects.update_or_create(code=code, defaults=said)[0]


class PerimeterFactory(DjangoModelFactory):
    """`PerimeterFactory(zones=[…])` holds them since 2019; `zones__since=` and `zones__partial=` say otherwise."""

    class Meta:
        model = Perimeter
        skip_postgeneration_save = True

    @factory.post_generation
    def zones(self, create, extracted, since=date(2019, 1, 1), **said):
        if create and extracted:
            self.set_zones(extracted, since, **said)


class InstitutionFactory(DjangoModelFactory):
    name = factory.Sequence("CPAM n° {}".format)
    kind = Institution.Kind.CPAM

    class Meta:
        model = Institution


class UserFactory(DjangoModelFactory):
    """A reader of the whole country; `departments=[…]` makes its territory departments."""

    username = factory.Sequence("agent{}".format)
    first_name = "Camille"
    last_name = factory.Sequence("Martin {}".format)
    institution = factory.SubFactory(InstitutionFactory)
    role = User.Role.READER
    extent = User.Extent.COUNTRY

    class Meta:
        model = User
        skip_postgeneration_save = True

    @factory.post_generation
    def departments(self, create, extracted, **said):
        if create and extracted:
            self.extent = User.Extent.DEPARTMENTS
            self.save()
            self.departments.set(extracted)


class ProjectFactory(DjangoModelFactory):
    """An initiative since 2019; `stages=[("engineering", date(…)), …]` says otherwise, `zones=[…]` is its perimeter."""

    name = factory.Sequence("CPTS n° {}".format)
    lead_department = factory.SubFactory(DepartmentFactory)

    class Meta:
        model = Project
        skip_postgeneration_save = True

    @factory.post_generation
    def stages(self, create, extracted, **said):
        entries = extracted or [(State.INITIATIVE, date(2019, 1, 1))]
        write_timeline(self, [Entry(State(state), since) for state, since in entries], by=None)

    @factory.post_generation
    def zones(self, create, extracted, since=date(2019, 1, 1), **said):
        if extracted:
            self.perimeter.set_zones(extracted, since, **said)


class StructureFactory(DjangoModelFactory):
    """A maison de santé of the invented department; `zones=[…]` are its communes."""

    kind = Structure.Kind.MSP
    name = factory.Sequence("MSP n° {}".format)
    department = factory.SubFactory(DepartmentFactory)

    class Meta:
        model = Structure
        skip_postgeneration_save = True

    @factory.post_generation
    def zones(self, create, extracted, **said):
        if create and extracted:
            self.zones.set(extracted)


TARIFF_LINES = [
    ("fonctionnement", "Fonctionnement", {}, 75_000, 0),
    ("acces_soins", "Accès aux soins", {"starts_within": 6, "deployed_within": 18}, 30_000, 35_000),
    ("parcours", "Parcours", {"starts_within": 12, "deployed_within": 24}, 45_000, 45_000),
    ("qualite", "Qualité", {"kind": "optional"}, 15_000, 15_000),
    ("crise_plan", "Plan de crise", {"last_year": 1, "starts_within": 6, "deployed_within": 18}, 45_000, 0),
    ("crise_mise_a_jour", "Mise à jour du plan", {"first_year": 2, "follows": "crise_plan"}, 22_500, 0),
    ("crise_reconnue", "Crise reconnue", {"kind": "conditional", "follows": "crise_plan"}, 0, 67_500),
]


class TariffFactory(DjangoModelFactory):
    """An invented version, approved, in force since 2019: one tier from 0, a second one from 80 000 inhabitants.

    Running costs 75 000 €; access 30 000 + 35 000; care paths 45 000 + 45 000; the crisis lines.
    """

    code = factory.Sequence("bareme-{}".format)
    label = factory.LazyAttribute(lambda tariff: f"Barème {tariff.code}")
    since = date(2019, 1, 1)
    source = "Barème inventé pour les tests"
    approved_at = factory.LazyFunction(timezone.now)

    class Meta:
        model = Tariff
        skip_postgeneration_save = True
        django_get_or_create = ["since"]

    @factory.post_generation
    def lines(self, create, extracted, **said):
        if self.tiers.exists():
            return
        for number, bound in ((1, 0), (2, 80_000)):
            self.tiers.create(number=number, lower_bound=bound, source=self.source)
        for order, (mission, label, facts, fixed, variable) in enumerate(TARIFF_LINES, start=1):
            line = self.lines.create(mission=mission, label=label, order=order, **{"kind": "socle"} | facts)
            for tier in (1, 2):
                line.amounts.create(
                    tier=tier, fixed_eur=fixed, variable_eur=variable, verified="yes", source=self.source
                )


class ContractFactory(DjangoModelFactory):
    """An ACI signed on 1 March 2020 with a population of 98 204, tier 2 of the invented tariff; no mission engaged."""

    project = factory.SubFactory(
        ProjectFactory, stages=[(State.VALIDATED, date(2020, 1, 1)), (State.ACI_SIGNED, date(2020, 3, 1))]
    )
    signed_on = date(2020, 3, 1)
    starts_on = factory.SelfAttribute("signed_on")

    class Meta:
        model = Contract
        skip_postgeneration_save = True

    @factory.post_generation
    def terms(self, create, extracted, **said):
        told = {"population": 98_204, "population_vintage": 2017, "tier": 2}
        tariff = said.pop("tariff", None) or TariffFactory()
        self.terms.create(**told | said, tariff=tariff)


class MeetingFactory(DjangoModelFactory):
    """A strategic COPIL of an invented contract, with its minutes."""

    kind = Meeting.Kind.COPIL
    contract = factory.SubFactory(ContractFactory)
    held_on = date(2020, 5, 15)
    minutes = "Relevé de décisions."
    minutes_on = factory.SelfAttribute("held_on")

    class Meta:
        model = Meeting
