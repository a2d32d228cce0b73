"""The steps of a project: each transition with its sources, its target, who decides it and what it means.

The bodies are empty on purpose: dates, stages and refusals belong to `projects.workflow.take_step`, the only caller.
"""

from collections.abc import Callable, Iterable

from django.db import models
from django.db.models import Q
from django_fsm import RETURN_VALUE, FSMField, transition

from accounts.models import User
from accounts.models.institution import Side
from projects.models.filing import Decision, Merger
from projects.models.workflow_model import WorkflowModel
from projects.states import State

BINOME = frozenset(Side)
ARS = frozenset({Side.ARS})

BEFORE_FILING = [
    State.INITIATIVE,
    State.FORMALISING,
    State.LETTER_FILED,
    State.LETTER_VALIDATED,
    State.ENGINEERING,
]
RESUMABLE = [*BEFORE_FILING, State.OPPOSED, State.VALIDATED]


def step(
    source: Iterable[State],
    target: State | RETURN_VALUE,
    label: str,
    meaning: str,
    *,
    decided_by: frozenset[Side] = BINOME,
    needs_comment: bool = False,
    details: type[models.Model] | None = None,
    is_signed: bool = False,
) -> Callable:
    """A transition of `Project.state`. `meaning` is shown to users: what has happened and what follows from it.

    `details` is what the new stage needs besides its date; `is_signed`: the last signature expected takes the step.
    """

    def may_decide(project: "StepsMixin", user: User) -> bool:
        return user.can_write_in(project.department_codes()) and user.acts_for(*decided_by)

    custom = {
        "label": label,
        "meaning": meaning,
        "decided_by": decided_by,
        "needs_comment": needs_comment,
        "details": details,
        "is_signed": is_signed,
    }
    return transition(field="state", source=list(source), target=target, permission=may_decide, custom=custom)


class StepsMixin(WorkflowModel):
    state = FSMField("état", choices=State, default=State.INITIATIVE, protected=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=sorted(State)),
                name="%(class)s_state_is_known",
                violation_error_message="Cet état n'existe pas.",
            ),
        ]

    @step(
        [State.INITIATIVE],
        State.FORMALISING,
        "Constater un début de formalisation",
        "Les professionnels commencent à écrire leur projet : collectif, territoire de départ, axes.",
    )
    def start_formalising(self) -> None: ...

    @step(
        [State.INITIATIVE, State.FORMALISING],
        State.LETTER_FILED,
        "Recevoir la lettre d'intention",
        "La lettre d'intention est arrivée ; l'ARS et l'Assurance Maladie l'examinent ensemble.",
    )
    def receive_letter(self) -> None: ...

    @step(
        [State.LETTER_FILED],
        State.LETTER_VALIDATED,
        "Valider la lettre d'intention",
        "Le courrier conjoint valide la lettre, à la date de la dernière de ses deux signatures (ARS et CPAM).",
        is_signed=True,
    )
    def validate_letter(self) -> None: ...

    @step(
        [State.LETTER_FILED],
        State.FORMALISING,
        "Renvoyer la lettre à retravailler",
        "Les institutions demandent aux porteurs de reprendre leur lettre d'intention.",
        needs_comment=True,
    )
    def return_letter(self) -> None: ...

    @step(
        [State.FORMALISING, State.LETTER_FILED, State.LETTER_VALIDATED],
        State.ENGINEERING,
        "Commencer l'ingénierie",
        "La rédaction du projet de santé est accompagnée, le plus souvent par une convention du FIR.",
    )
    def start_engineering(self) -> None: ...

    @step(
        [*BEFORE_FILING, State.OPPOSED],
        State.FILED,
        "Enregistrer le dépôt du projet de santé",
        "Le dossier est reçu par l'ARS : le délai de deux mois commence, et le silence vaudra validation.",
    )
    def file_health_project(self) -> None: ...

    @step(
        [State.FILED],
        State.ENGINEERING,
        "Enregistrer le retrait du dépôt",
        "Le porteur retire son dossier : le délai s'arrête et aucune validation ne naîtra de ce dépôt.",
        needs_comment=True,
    )
    def withdraw_filing(self) -> None: ...

    @step(
        [State.FILED],
        State.VALIDATED,
        "Valider expressément le projet de santé",
        "L'ARS notifie la validation sans attendre la fin du délai. La préparation de l'ACI commence.",
        decided_by=ARS,
        details=Decision,
    )
    def validate_health_project(self) -> None: ...

    @step(
        [State.FILED],
        State.OPPOSED,
        "Enregistrer une opposition notifiée",
        "L'ARS s'est opposée dans le délai, pour l'un des deux motifs de la loi. Un nouveau dépôt reste possible.",
        decided_by=ARS,
        details=Decision,
    )
    def oppose(self) -> None: ...

    @step(
        [State.VALIDATED],
        State.ACI_SIGNED,
        "Enregistrer la signature de l'ACI",
        "La CPTS, la CPAM et l'ARS ont toutes signé : la date est celle de la dernière signature.",
        is_signed=True,
    )
    def sign_aci(self) -> None: ...

    @step(
        [*BEFORE_FILING, State.FILED, State.OPPOSED, State.VALIDATED],
        State.ABANDONED,
        "Enregistrer l'abandon",
        "Les porteurs renoncent. Le projet n'est plus compté ; son histoire reste lisible et il peut reprendre.",
        needs_comment=True,
    )
    def abandon(self) -> None: ...

    @step(
        [State.ABANDONED],
        RETURN_VALUE(*RESUMABLE),
        "Reprendre le projet",
        "Le projet reprend là où il en était (à l'ingénierie s'il était déposé : il faut alors un nouveau dépôt).",
        needs_comment=True,
    )
    def resume(self) -> State:
        return self.state_before_abandon()

    @step(
        [*BEFORE_FILING, State.FILED, State.OPPOSED, State.VALIDATED, State.ACI_SIGNED],
        State.MERGED,
        "Enregistrer la fusion dans un autre projet",
        "Le projet est absorbé par un autre, d'où son périmètre, ses documents et son histoire restent lisibles.",
        needs_comment=True,
        details=Merger,
    )
    def merge(self) -> None: ...

    @step(
        [State.ACI_SIGNED],
        State.TERMINATED,
        "Enregistrer la résiliation de l'ACI",
        "Le contrat prend fin avant son terme. La CPTS n'est plus comptée.",
        needs_comment=True,
    )
    def terminate(self) -> None: ...
