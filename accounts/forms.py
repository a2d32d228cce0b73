"""Django's own forms of accounts, in the look of the house, and that of a token."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from dsfr.forms import DsfrBaseForm

from accounts.models import AccessToken, User


class LoginForm(DsfrBaseForm, AuthenticationForm):
    username = UsernameField(label="Identifiant")
    error_messages = {
        "invalid_login": "Identifiant ou mot de passe inconnu. Attention aux majuscules ; "
        "un administrateur peut vous donner un nouveau mot de passe.",
        "inactive": "Ce compte est fermé : demandez à un administrateur de le rouvrir.",
    }


class PasswordForm(DsfrBaseForm, PasswordChangeForm):
    """The old password, then twice the new one."""


class TokenForm(DsfrBaseForm, forms.ModelForm):
    class Meta:
        model = AccessToken
        fields = ["name"]

    def issue(self, user: User) -> tuple[AccessToken, str]:
        return AccessToken.issue(user, self.cleaned_data["name"])
