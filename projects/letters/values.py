"""What is merged into a letter: each field of `projects.letters.fields`, computed from what is recorded and told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Sum
from django.utils import timezone

from accounts.models import Institution
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from ground.templatetags.french import number
from projects.clock import SAFETY
from projects.examination.opinions import current_opinions
from projects.examination.vigilance import open_points
from projects.letters.fields import Item, Value, Values, fields_of
from projects.letters.subject import Subject
from projects.models import Assignment, Decision, LetterKind, PieceRequest
from territories.models import PerimeterZone


@dataclass(frozen=True, slots=True)
class Said:
    """What the form tells of a letter, which nothing recorded does."""

    dated_on: date
    addressee: str = ""
    reference: str = ""
    ars: Institution | None = None
    insurance: Institution | None = None
    signatory: str = ""
    signatory_title: str = ""
    insurance_signatory: str = ""
    insurance_signatory_title: str = ""
    breaks_health_plan: bool = False
    territory_not_pertinent: bool = False
    motivation: str = ""
    request: PieceRequest | None = None


def values_of(subject: Subject, said: Said) -> dict[str, Value]:
    """The value of every field of this kind of letter, as it will be printed; an unknown one is the empty text."""
    found = {
        **_letter(subject, said),
        **_project(subject),
        **_institution("ars", said.ars),
        **_institution("cpam", said.insurance),
        **_referents(subject),
        **_examination(subject),
        **(_clock(subject) if subject.filing else {}),
        **_pieces(subject, said),
        **_decision(subject, said),
    }
    return {name: found[name] for name in fields_of(subject.kind)}


def _letter(subject: Subject, said: Said) -> Values:
    decision = subject.decision
    return {
        "date_courrier": in_words(said.dated_on),
        "reference": said.reference,
        "destinataire": said.addressee,
        "signataire_ars": decision.signatory if decision else said.signatory,
        "qualite_ars": (decision and decision.signatory_title) or said.signatory_title,
        "signataire_cpam": said.insurance_signatory,
        "qualite_cpam": said.insurance_signatory_title,
    }


def _project(subject: Subject) -> Values:
    """The communes and the inhabitants of one and the same perimeter, as known now."""
    project = subject.project
    others = (department.name for department in project.other_departments.all())
    held = PerimeterZone.objects.on(subject.territory_day).filter(perimeter=project.perimeter_id)
    zones = held.select_related("zone").order_by("zone__code")
    told = held.aggregate(population=Sum("zone__population"), vintage=Max("zone__vintage"))
    return {
        "projet": project.name,
        "porteur": project.promoter.name if project.promoter else "",
        "departements": ", ".join([project.lead_department.name, *others]),
        "communes": ", ".join(each.zone.name + (" (en partie)" if each.is_partial else "") for each in zones),
        "population": number(told["population"]),
        "millesime": str(told["vintage"] or ""),
    }


def _institution(prefix: str, institution: Institution | None) -> Values:
    ends = {"": "name", "_service": "service", "_adresse": "address", "_ville": "city"}
    ends |= {"_courriel": "email", "_telephone": "phone"}
    return {prefix + end: getattr(institution, attribute) if institution else "" for end, attribute in ends.items()}


def _referents(subject: Subject) -> Values:
    held = Assignment.objects.on(timezone.localdate()).filter(project=subject.project).select_related("user")
    names = {assignment.side: str(assignment) for assignment in held}
    return {"referent_ars": names.get(Side.ARS, ""), "referent_cpam": names.get(Side.INSURANCE, "")}


def _examination(subject: Subject) -> Values:
    latest = current_opinions(subject.examined)
    return {
        "date_lettre": in_words(subject.examined.since),
        "avis_ars": latest[Side.ARS].get_verdict_display() if Side.ARS in latest else "",
        "avis_cpam": latest[Side.INSURANCE].get_verdict_display() if Side.INSURANCE in latest else "",
        "points_de_vigilance": [
            {
                "rubrique": point.section,
                "texte": point.text,
                "souleve_par": point.get_side_display(),
                "date": in_words(point.raised_on),
            }
            for point in open_points(subject.project, timezone.localdate())
        ],
    }


def _clock(subject: Subject) -> Values:
    deadline = subject.deadline
    prudent, complete = deadline.prudent, deadline.complete
    return {
        "date_reception": in_words(deadline.received_on),
        "date_reception_cpam": in_words(subject.filing.insurance_received_on),
        "dernier_jour": in_words(deadline.last_day),
        "date_acceptation": in_words(deadline.acquired_on),
        "prudent_dernier_jour": in_words(prudent.last_day),
        "prudent_date_acceptation": in_words(prudent.acquired_on),
        "complet_dernier_jour": in_words(complete.last_day),
        "complet_date_acceptation": in_words(complete.acquired_on),
        "dernier_jour_sur": in_words(deadline.last_safe_day),
        "attente_pieces": deadline.is_waiting,
        "regle": subject.filing.rule,
        "decompte": [
            {"date": in_words(line.day), "fait": line.fact, "effet": line.effect, "fondement": line.basis}
            for line in deadline.lines
            if line.basis != SAFETY  # a rule of the service, not to be told to the promoters
        ],
    }


def _pieces(subject: Subject, said: Said) -> Values:
    request = said.request
    asked = [request] if request else subject.awaited if subject.kind == LetterKind.ACKNOWLEDGEMENT else []
    restarts = bool(request) and request.for_clock in subject.deadline.effective_requests
    return {
        "pieces": [piece for each in asked for piece in _listed(each)],
        "date_limite": in_words(request.due_on) if request else "",
        "date_demande": in_words(request.asked_on) if request else "",
        "pieces_indispensables": restarts,
    }


def _listed(request: PieceRequest) -> Iterator[Item]:
    """One item for each line that was typed, without its dash."""
    for line in request.pieces.splitlines():
        if told := line.strip(" \t-–—•*"):
            yield {"intitule": told, "avant_le": in_words(request.due_on), "texte": request.basis}


def _decision(subject: Subject, said: Said) -> Values:
    decision = subject.decision or Decision(
        breaks_health_plan=said.breaks_health_plan,
        territory_not_pertinent=said.territory_not_pertinent,
        motivation=said.motivation,
    )
    since = in_words(subject.stage.since)
    return {
        "motifs": decision.grounds,
        "motivation": decision.motivation,
        "date_notification": since if subject.decision else "",
        "date_validation_tacite": since if subject.kind == LetterKind.ATTESTATION else "",
    }
