"""Django's own forms of accounts, in the look of the house."""

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from dsfr.forms import DsfrBaseForm


class LoginForm(DsfrBaseForm, AuthenticationForm):
    username = UsernameField(label="Identifiant")
    error_messages = {
        "invalid_login": "Identifiant ou mot de passe inconnu. Attention aux majuscules ; "
        "un administrateur peut vous donner un nouveau mot de passe.",
        "inactive": "Ce compte est fermé : demandez à un administrateur de le rouvrir.",
    }


class PasswordForm(DsfrBaseForm, PasswordChangeForm):
    """The old password, then twice the new one."""
