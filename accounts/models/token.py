"""Personal tokens: how a mapping tool reads what its owner may read, without a password."""

from hashlib import sha256
from secrets import token_urlsafe
from typing import Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone


def digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


class AccessTokenQuerySet(models.QuerySet):
    def for_user(self, user) -> Self:
        """Tokens of the accounts that `user` may know: what an administrator finds."""
        return self.filter(user__in=get_user_model().objects.for_user(user))

    def living(self) -> Self:
        """Tokens that open something: neither revoked nor of somebody who has left."""
        return self.filter(revoked_at=None, user__is_active=True)

    def find(self, secret: str) -> "AccessToken | None":
        return self.living().select_related("user").filter(digest=digest(secret)).first()


class AccessToken(models.Model):
    """Only its digest is kept: the secret is shown once, to its owner."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="access_tokens", verbose_name="utilisateur"
    )
    name = models.CharField("usage", max_length=80, help_text="Par exemple : « QGIS du bureau ».")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    last_used_on = models.DateField("dernière lecture", null=True, editable=False)
    revoked_at = models.DateTimeField("révoqué le", null=True, editable=False)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "jeton d'accès"
        verbose_name_plural = "jetons d'accès"
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, user, name: str) -> tuple["AccessToken", str]:
        """A new token and its secret, which nothing can show again."""
        secret = token_urlsafe(32)
        return cls.objects.create(user=user, name=name, digest=digest(secret)), secret

    @property
    def is_living(self) -> bool:
        return self.revoked_at is None

    def note_use(self) -> None:
        """Written once a day: a mapping tool reads the same address every few minutes."""
        today = timezone.localdate()
        if self.last_used_on != today:
            self.last_used_on = today
            self.save(update_fields=["last_used_on"])

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])
