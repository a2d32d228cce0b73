"""What both institutions examine while its stage lasts: letter of intent, health project, draft contract."""

from datetime import date

from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.models import Project, Stage
from projects.models.examination import SUBJECTS

NOT_EXAMINED = "Cette étape ne s'instruit pas : seuls la lettre d'intention, le projet de santé et le contrat le sont."


def examined_stages(project: Project) -> list[Stage]:
    """The stages under examination or once examined, the latest first; what silence plans is not there yet."""
    today = timezone.localdate()
    return [stage for stage in list(project.stages.all())[::-1] if stage.state in SUBJECTS and stage.since <= today]


def why_not_during(stage: Stage, day: date) -> str:
    """Why nothing of this stage can have happened on `day`; empty when it can, the day of its end included."""
    if day > timezone.localdate():
        return "Cette date est dans le futur."
    if day < stage.since:
        return f"Cette étape n'a commencé que le {in_words(stage.since)} : donnez une date plus récente."
    if stage.until and day > stage.until:
        return f"Cette étape a pris fin le {in_words(stage.until)} : donnez une date plus ancienne."
    return ""


def why_not_speak(user: User, project: Project, side: Side) -> str:
    """Why `user` does not speak for this institution on this project; empty when it does."""
    if not user.can_write_in(project.department_codes()):
        return "Seuls les chargés de suivi de l'ARS et de l'Assurance Maladie le font, dans leurs départements."
    if user.side is None:
        return "Votre compte n'est ni de l'ARS ni de l'Assurance Maladie : il ne rend pas d'avis à leur place."
    if user.side != side:
        return f"Chaque institution parle pour elle-même : celle de cet avis est {Side(side).label}."
    return ""
