"""Users: what each may see and do is an institution, a territory and a role."""

from typing import Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from accounts.models.institution import Institution, Side
from territories.models import Department, Region


class UserQuerySet(models.QuerySet):
    def for_user(self, user: "User") -> Self:
        """Users whose departments or region `user` can read; a country-wide reader sees everybody."""
        if user.answers_for_the_country:
            return self
        return self.exclude(extent=User.Extent.COUNTRY).filter(
            Q(region__in=user.readable_regions()) | Q(pk__in=_in_departments(user))
        )


def _in_departments(user: "User") -> models.QuerySet:
    return User.departments.through.objects.filter(department__region__in=user.readable_regions()).values("user_id")


class AccountManager(UserManager.from_queryset(UserQuerySet)):
    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields
    ) -> "User":
        """The first account of an installation: it administers the whole country, for no institution of the field."""
        institution, _ = Institution.objects.get_or_create(
            name="Administration technique", defaults={"kind": Institution.Kind.OTHER}
        )
        everything = {"institution": institution, "role": User.Role.ADMINISTRATOR, "extent": User.Extent.COUNTRY}
        return super().create_superuser(username, email, password, **{**everything, **fields})


class User(AbstractUser):
    """Reads the projects of its region (or of the country), writes those of its own departments if its role allows."""

    class Role(models.TextChoices):
        READER = "reader", "Lecteur"
        OFFICER = "officer", "Chargé de suivi"
        MANAGER = "manager", "Responsable"
        ADMINISTRATOR = "administrator", "Administrateur"

    class Extent(models.TextChoices):
        DEPARTMENTS = "departments", "Départements"
        REGION = "region", "Région"
        COUNTRY = "country", "France entière"

    first_name = models.CharField("prénom", max_length=150)
    last_name = models.CharField("nom", max_length=150)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="users", verbose_name="institution")
    role = models.CharField("rôle", max_length=20, choices=Role, default=Role.READER)
    extent = models.CharField("territoire", max_length=20, choices=Extent, default=Extent.DEPARTMENTS)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name="région")
    departments = models.ManyToManyField(Department, blank=True, verbose_name="départements", related_name="users")

    objects = AccountManager()

    class Meta:
        verbose_name = "utilisateur"
        ordering = ["last_name", "first_name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(extent="region", region__isnull=False) | (~Q(extent="region") & Q(region=None)),
                name="region_if_and_only_if_regional",
                violation_error_message="Indiquez une région pour un territoire « Région », et seulement dans ce cas.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def side(self) -> Side | None:
        """The side of the binôme this user decides for; None for those who only read and advise."""
        return self.institution.side

    @property
    def is_administrator(self) -> bool:
        return self.is_active and (self.is_superuser or self.role == self.Role.ADMINISTRATOR)

    @property
    def is_writer(self) -> bool:
        return self.is_administrator or (self.role != self.Role.READER and self.side is not None)

    def acts_for(self, *sides: str) -> bool:
        """Whether this user records what belongs to one of these sides of the binôme: its own, or an administrator."""
        return self.is_administrator or self.side in sides

    @property
    def answers_for_the_country(self) -> bool:
        return self.extent == self.Extent.COUNTRY

    @cached_property
    def own_departments(self) -> frozenset[str]:
        """Codes of the departments this user answers for."""
        if self.answers_for_the_country:
            return frozenset(Department.objects.values_list("pk", flat=True))
        if self.extent == self.Extent.REGION:
            return frozenset(Department.objects.filter(region=self.region_id).values_list("pk", flat=True))
        return frozenset(self.departments.values_list("pk", flat=True))

    def readable_regions(self) -> models.QuerySet[Region]:
        if self.answers_for_the_country:
            return Region.objects.all()
        return Region.objects.filter(departments__in=self.own_departments).distinct()

    def readable_departments(self) -> models.QuerySet[Department]:
        """Departments of the user's region(s): what one reads."""
        return Department.objects.filter(region__in=self.readable_regions())

    def can_write_in(self, departments: set[str]) -> bool:
        """Whether this user may write on a project of these departments: one of them must be its own."""
        return self.is_writer and not self.own_departments.isdisjoint(departments)

    def clean(self) -> None:
        super().clean()
        if self.role not in (self.Role.READER, self.Role.ADMINISTRATOR) and self.institution_id and not self.side:
            raise ValidationError(
                {"role": "Seules l'ARS et l'Assurance Maladie écrivent : cette institution ne peut être que lectrice."}
            )
