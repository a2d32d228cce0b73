from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.views import Login, PasswordChange, token_revoke, tokens

urlpatterns = [
    path("connexion", Login.as_view(), name="login"),
    path("deconnexion", LogoutView.as_view(), name="logout"),
    path("mot-de-passe", PasswordChange.as_view(), name="password_change"),
    path("compte/jetons/", tokens, name="tokens"),
    path("compte/jetons/<int:pk>/revoquer", token_revoke, name="token_revoke"),
]
