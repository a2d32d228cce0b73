from django.db.models import QuerySet

from aci.ledger import LedgerLine
from aci.models import Payment
from ground.forms import EurosField, PastDayField
from projects.forms.rows import RowForm


class PaymentForm(RowForm):
    """A payment on a line of the schedule. What a CPTS gives back is typed as people say it, and stored negative."""

    lines = [("paid_on", "amount"), ("reference",)]
    amount = EurosField(label="Montant (€)", max_digits=11, decimal_places=2)
    paid_on = PastDayField(label="Date")

    class Meta:
        model = Payment
        fields = ["paid_on", "amount", "reference"]
        help_texts = {"reference": "Celle du virement ; d'une somme retenue, celle du versement dont elle l'est."}

    def __init__(self, *args, line: LedgerLine, **kwargs) -> None:
        self.gives_back = line.payable < 0
        super().__init__(*args, **kwargs)
        self.initial["amount"] = abs(line.payable)

    def clean(self) -> dict:
        data = super().clean()
        if self.gives_back and data.get("amount"):
            data["amount"] = -data["amount"]
        return data

    def siblings(self) -> QuerySet:
        row = self.instance
        return Payment.objects.filter(contract=row.contract, year=row.year, mission=row.mission, kind=row.kind)
