from django.urls import path

from aci.views.accounts import account_entries, accounts_of_aci
from aci.views.ledger import contract_ledger
from aci.views.payments import payment_new
from aci.views.to_pay import to_pay

urlpatterns = [
    path("contrats/<int:pk>/echeancier", contract_ledger, name="contract_ledger"),
    path(
        "contrats/<int:pk>/echeancier/<int:year>/<slug:mission>/<slug:kind>/versement",
        payment_new,
        name="aci_payment_new",
    ),
    path("a-payer/", to_pay, name="to_pay"),
    path("comptes/", accounts_of_aci, name="accounts_of_aci"),
    path("comptes/lignes", account_entries, name="account_entries"),
]
