"""Letters between those who found a CPTS and those who approve it; to the administrators, of identities."""

from django.utils.text import capfirst

from maillage.accounts.letters import invented_account, invented_cpts
from maillage.accounts.models import User
from maillage.core import links
from maillage.core.letters import Letter, Link, Samples
from maillage.cpts.models import Approval, Cpts
from maillage.geography.models import Departement

IDENTITY, IDENTITY_URGENT = "Une identité est à trancher", "Un compte repris : des rôles à vérifier"


def identity_to_settle(what: str, *, is_urgent: bool) -> Letter:
    """`what`: who doubts whose identity, in a sentence without its stop."""
    return Letter(
        IDENTITY_URGENT if is_urgent else IDENTITY,
        (f"{what}. Rien ne bouge avant votre réponse.",),
        action=Link("Lire et trancher", links.absolute("oversight:identities")),
    )


def approval_asked(cpts: Cpts, by: User) -> Letter:
    return Letter(
        f"CPTS à approuver : {cpts}",
        (
            f"{by} demande l’approbation de {cpts.with_article} ({cpts.departement}). D’ici là, elle n’est visible que "
            "de son équipe.",
        ),
        action=Link("Lire et répondre", links.absolute("oversight:approval", cpts.uuid)),
    )


def approval_decided(cpts: Cpts) -> Letter:
    if cpts.is_approved:
        decision = (
            f"{capfirst(cpts.with_article)} est approuvée : elle paraît dans la liste publique, ses voisines la "
            "voient, et ses professionnels peuvent paraître au SAS une fois la convention datée."
        )
    else:
        decision = f"{capfirst(cpts.with_article)} n’est pas approuvée. Motif : {cpts.decision_reason}"
    return Letter(
        f"{cpts} : {cpts.get_approval_display()}",
        (decision,),
        action=Link("Voir la décision", links.absolute("oversight:own_approval", cpts.slug)),
    )


def samples() -> Samples:
    """One of each, about an invented CPTS."""
    cpts = invented_cpts()
    cpts.departement, cpts.approval = Departement(code="24", name="Dordogne"), Approval.APPROVED
    return {
        "identity_to_settle": identity_to_settle("Camille Essai conteste une adhésion", is_urgent=False),
        "approval_asked": approval_asked(cpts, invented_account()),
        "approval_decided": approval_decided(cpts),
    }
