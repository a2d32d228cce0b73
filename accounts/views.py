"""Log in, change one's password, keep one's access tokens."""

from django.contrib import messages
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache

from accounts.forms import LoginForm, PasswordForm, TokenForm
from accounts.models import AccessToken


class Login(LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class PasswordChange(PasswordChangeView):
    template_name = "accounts/password_change.html"
    form_class = PasswordForm
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordForm) -> HttpResponse:
        messages.success(self.request, "Votre mot de passe est changé.")
        return super().form_valid(form)


@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens. A new one's secret is on the answer to its form and nowhere else: nothing keeps it."""
    form = TokenForm(request.POST or None)
    context = {"form": form, "tokens": request.user.access_tokens.all()}
    if request.method != "POST":
        return render(request, "accounts/tokens.html", context)
    if not form.is_valid():
        return render(request, "accounts/tokens.html", context, status=422)
    issued, secret = form.issue(request.user)
    return render(request, "accounts/tokens.html", context | {"form": TokenForm(), "issued": issued, "secret": secret})


def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(AccessToken.objects.living(), pk=pk, user=request.user)
    if request.method != "POST":
        return render(request, "accounts/token_revoke.html", {"token": token})
    token.revoke()
    messages.success(request, f"Le jeton « {token} » est révoqué : il n'ouvre plus rien.")
    return redirect("tokens")
