"""Rows for tests. What is not said is invented and collides with no real INSEE code (department 99)."""

from datetime import date

import factory
from factory.django import DjangoModelFactory

from accounts.models import Institution, User
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
