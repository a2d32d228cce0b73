"""Somebody to call about a territory: for a whole department, or for some of its communes."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import CptsDayField, PastDayField
from projects.forms.guard import GuardedModelForm, Shown
from projects.models import DirectoryEntry
from projects.pasted_zones import CODE_TOLD, MOST_CHARACTERS
from projects.spreadsheets.splitting import split_strongly
from projects.spreadsheets.zones import ZoneFinder
from territories.models import Department, Zone
from territories.models.perimeter import leaves_of


class DirectoryForm(DsfrBaseForm, GuardedModelForm):
    """Once valid: `zones` and `guesses` (what was understood of a misspelt name)."""

    since = PastDayField(label="À contacter depuis le")
    until = CptsDayField(
        label="N'est plus à contacter à partir du",
        required=False,
        help_text="Pour qui quitte ses fonctions : le contact reste lisible parmi les anciens.",
    )
    zones_text = forms.CharField(
        label="Communes suivies",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="Vide : tout le département. Sinon une commune par ligne ou séparées par des virgules, noms ou codes "
        "Insee : le contact ne paraît alors que sur les projets qui en couvrent une.",
    )

    class Meta:
        model = DirectoryEntry
        fields = ["department", "function", "name", "organisation", "email", "phone", "comment", "since", "until"]
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args, by: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["zones_text"] = self._zones_now("\n")
        if self.instance.pk is None:
            self.initial["since"] = timezone.localdate()
        departments = Department.objects.filter(pk__in=by.own_departments)
        self.fields["department"].queryset = departments
        if len(by.own_departments) == 1:
            self.fields["department"].initial = next(iter(by.own_departments))

    def shown_now(self) -> Shown:
        return {**super().shown_now(), "Communes suivies": self._zones_now(", ")} if self.instance.pk else {}

    def _zones_now(self, separator: str) -> str:
        zones = self.instance.zones.order_by("code") if self.instance.pk else []
        return separator.join(map(str, zones))

    def clean(self) -> dict:
        said = super().clean()
        self._read_zones(said.get("zones_text", ""), said.get("department"))
        if said.get("department") and said.get("name") and self._namesakes(said).exists():
            raise ValidationError("Cette personne est déjà dans l'annuaire de ce département, pour cette fonction.")
        return said

    def _namesakes(self, said: dict) -> QuerySet[DirectoryEntry]:
        same = {"department": said["department"], "function": said.get("function"), "name__iexact": said["name"]}
        return DirectoryEntry.objects.on(timezone.localdate()).filter(**same).exclude(pk=self.instance.pk)

    def _read_zones(self, text: str, department: Department | None) -> None:
        """Sets `zones` and `guesses`; says of each name that is not understood why."""
        codes, refused, self.guesses, self.zones = set(), [], [], []
        if not text or department is None:
            return
        finder = ZoneFinder()
        for line in split_strongly(text):
            code = CODE_TOLD.search(line)
            for match in finder.find(code[1] if code else line, department.pk):
                if not match.codes:
                    refused.append(match.message_fr)
                elif match.message_fr:
                    self.guesses.append(match.message_fr)
                codes.update(match.codes)
        if refused:
            self.add_error("zones_text", refused)
        self.zones = leaves_of(Zone.objects.filter(code__in=codes))

    def save(self) -> DirectoryEntry:
        entry = super().save()
        entry.zones.set(self.zones)
        return entry
