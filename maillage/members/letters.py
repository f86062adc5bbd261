"""Letters to those who ask to join, those who decide, those who are members."""

from datetime import date
from decimal import Decimal

from django.utils.text import capfirst

from maillage.accounts.letters import invented_account, invented_cpts
from maillage.accounts.models import NumberProof, ProofMeans
from maillage.core import links
from maillage.core.letters import Letter, Link, Samples
from maillage.core.templatetags.maillage import day
from maillage.cpts.models import Cpts
from maillage.members.models import Body, College, Convention, Mandate, Membership
from maillage.members.rules.names import of


def _signature(cpts: Cpts) -> str:
    return f"L’équipe de coordination de {cpts.with_article}"


def _not_me(contest_url: str) -> Link:
    """To a page whose button suspends, and nothing else."""
    return Link("Ce n’est pas vous ? Dites-le en un geste, tout sera suspendu", contest_url)


def _page(membership: Membership, label: str) -> Link:
    return Link(label, links.absolute("members:show", membership.cpts.slug, membership.uuid))


def request_received(membership: Membership) -> Letter:
    """To an address that nobody proved yet: nothing of what was typed travels with it."""
    cpts = membership.cpts
    return Letter(
        f"Votre demande d’adhésion à {cpts.with_article}",
        (
            f"Nous avons bien reçu votre demande d’adhésion à {cpts.with_article}. Le bureau va l’examiner, et vous "
            "recevrez sa réponse à cette adresse.",
        ),
        after=(
            "Si vous n’avez rien demandé, ignorez ce message : sans réponse du bureau, rien n’est publié et la demande "
            "sera effacée dans un an.",
        ),
        signature=_signature(cpts),
    )


def already_known(membership: Membership) -> Letter:
    """To the member, at the address they gave, never to whoever filled the form."""
    cpts = membership.cpts
    return Letter(
        f"Votre adhésion à {cpts.with_article} existe déjà",
        (
            f"Une demande d’adhésion à {cpts.with_article} vient d’être faite à votre nom. Elle n’a rien changé : "
            "votre adhésion, ou votre première demande, est toujours là.",
        ),
        after=("Si ce n’était pas vous, ignorez ce message.",),
        signature=_signature(cpts),
    )


def asked_from_elsewhere(membership: Membership, email: str) -> Letter:
    """To everybody who may answer: two people perhaps say they are the same professional."""
    return Letter(
        f"Deux demandes sous l’identité {of(str(membership))}",
        (
            f"Une nouvelle demande d’adhésion vient d’être faite sous l’identité {of(str(membership))}, depuis "
            f"l’adresse {email}, qui n’est pas celle de la fiche. Cette demande n’a rien changé.",
            "L’une des deux personnes se fait peut-être passer pour l’autre : joignez-la au cabinet avant de décider.",
        ),
        action=_page(membership, "Ouvrir la fiche"),
    )


def request_to_decide(membership: Membership) -> Letter:
    """To everybody who may answer; no telephone nor message in the mail, only who and where to decide."""
    what = f", {membership.occupation}" if membership.occupation else ""
    return Letter(
        f"Demande d’adhésion {of(str(membership))}",
        (f"{membership}{what}, demande à rejoindre {membership.cpts.with_article}.",),
        action=_page(membership, "Lire la demande et répondre"),
    )


def welcome(membership: Membership, *, with_account: bool) -> Letter:
    cpts = membership.cpts
    fee = membership.college.yearly_fee if membership.college else None
    amount = f"{fee:.2f} €".replace(".", ",") if fee else ""
    paying = f" La cotisation annuelle de votre collège ({membership.college}) est de {amount}." if fee else ""
    account = (
        "Vous recevrez, dans un message à part, un lien pour ouvrir votre compte : vous y trouverez l’annuaire des "
        "membres, votre attestation d’adhésion, et vous y choisirez ce qui est visible de vous."
        if with_account
        else ""
    )
    return Letter(
        f"Bienvenue à {cpts.with_article}",
        (f"Bienvenue à {cpts.with_article} : votre adhésion est acceptée.{paying}", account, "À bientôt,"),
        signature=_signature(cpts),
    )


def refused(membership: Membership) -> Letter:
    cpts = membership.cpts
    reason = f" Le motif donné est le suivant : {membership.decision_reason}" if membership.decision_reason else ""
    return Letter(
        f"Votre demande d’adhésion à {cpts.with_article}",
        (
            f"Le bureau de {cpts.with_article} n’a pas donné suite à votre demande d’adhésion.{reason}",
            "Votre demande sera effacée dans un an.",
        ),
        signature=_signature(cpts),
    )


def ending(expiring: Mandate | Convention) -> Letter:
    """A mandate or a convention that ends soon, to those who manage the members."""
    if isinstance(expiring, Mandate):
        what, page, label = f"Le mandat {of(str(expiring.membership))} ({expiring})", "mandates", "Les mandats"
    else:
        what, page, label = f"La convention avec {expiring.partner}", "conventions", "Les conventions"
    assert expiring.ends_on
    text = f"{what} prend fin le {day(expiring.ends_on)}"
    return Letter(
        text,
        (f"{text}. Pensez à son renouvellement, ou à sa suite.",),
        action=Link(label, links.absolute(f"members:{page}", expiring.cpts.slug)),
    )


def membership_bound(membership: Membership, contest_url: str) -> Letter:
    """An account acts under a membership from now on."""
    cpts = membership.cpts
    return Letter(
        f"Adhésion à {cpts.with_article} : un compte y est relié",
        (
            f"L’adhésion {of(str(membership))} à {cpts.with_article} est maintenant reliée au compte Maillage de cette "
            "personne : elle y répond, signe et vote en son nom.",
            _not_me(contest_url),
        ),
    )


def merged(kept: Membership, other: Membership, contest_url: str) -> Letter:
    """A page of the members was brought into another one, which an account answers for."""
    cpts = capfirst(kept.cpts.with_article)
    return Letter(
        f"{cpts} a réuni deux fiches de membre",
        (
            f"{cpts} a réuni deux fiches de membre, {kept} et {other} : mandats et cotisations sont maintenant ceux "
            "d’une seule personne, dont un compte Maillage répond.",
            _not_me(contest_url),
        ),
    )


def checked_in_person(proof: NumberProof, doubt_url: str) -> Letter:
    """To the national mailbox of the professional: who vouched for their identity, and how to say that it is not so."""
    return Letter(
        "Votre identité a été vérifiée en personne",
        (
            f"{proof.cpts} a vérifié en personne l’identité de {proof.user} ({proof.checked_by_name}), sous votre "
            "numéro national. Ce compte peut ouvrir un agenda et paraître au SAS en votre nom.",
            Link("Ce n’est pas vous ? Un geste suspend tout", doubt_url),
        ),
    )


def number_proved(membership: Membership, proof: NumberProof, doubt_url: str) -> Letter:
    """To an address that a team knows under a number which another account just proved."""
    return Letter(
        "Votre numéro national vient d’être prouvé",
        (
            f"Un compte Maillage a prouvé le numéro national {of(str(membership))} ({proof.get_means_display()}). Il "
            "en reçoit ce qui existe sous ce numéro : agenda, rendez-vous, présence au SAS.",
            Link("Ce n’est pas vous ? Dites-le en un geste", doubt_url),
        ),
    )


def contested(membership: Membership) -> Letter:
    """To those who manage the members: what is suspended, and who decides."""
    return Letter(
        f"Adhésion {of(str(membership))} : contestée",
        (
            f"Quelqu’un a répondu « Ce n’est pas moi » à propos de l’adhésion {of(str(membership))}. Le compte qui y "
            "était relié ne peut plus rien faire en ce nom. L’administration de l’instance va trancher.",
        ),
        action=_page(membership, "Ouvrir la fiche"),
    )


def contest_settled(membership: Membership, *, is_kept: bool) -> Letter:
    """To the account that was contested: it acts there again, or it is kept out."""
    decided = "vous reste : tout ce qu’elle ouvrait est rouvert" if is_kept else "n’est plus reliée à votre compte"
    return Letter(
        "Adhésion contestée : décision",
        (
            f"L’administration de l’instance a tranché : l’adhésion {of(str(membership))} à "
            f"{membership.cpts.with_article} {decided}.",
        ),
        signature=_signature(membership.cpts),
    )


def address_to_confirm(membership: Membership, url: str) -> Letter:
    """The new address proves itself."""
    cpts = membership.cpts
    return Letter(
        f"Votre adresse pour {cpts.with_article}",
        (
            f"{capfirst(cpts.with_article)} souhaite écrire à {membership} à cette adresse. Si c’est bien la vôtre, "
            "confirmez-la dans les sept jours.",
        ),
        action=Link("Confirmer cette adresse", url),
        after=("Sinon, ignorez ce message : rien ne changera.",),
    )


def address_changing(membership: Membership, contest_url: str) -> Letter:
    """The one in use is warned, and keeps receiving meanwhile."""
    cpts = membership.cpts
    return Letter(
        f"Votre adresse à {cpts.with_article} va changer",
        (
            f"{capfirst(cpts.with_article)} a demandé à remplacer votre adresse par une autre, qui doit d’abord être "
            "confirmée. Vos messages continuent d’arriver ici d’ici là.",
            _not_me(contest_url),
        ),
    )


def address_replaced(membership: Membership, contest_url: str) -> Letter:
    """To an address in use before: nothing more comes there, and it may still say no."""
    cpts = membership.cpts
    return Letter(
        f"Votre adresse à {cpts.with_article} a changé",
        (
            f"Les messages {of(cpts.with_article)} pour {membership} arrivent maintenant à une autre adresse, qui a "
            "été confirmée par qui la lit.",
            _not_me(contest_url),
        ),
    )


def left(membership: Membership) -> Letter:
    """A departure that the member did not ask for is not one they find out by chance."""
    cpts = membership.cpts
    return Letter(
        f"Votre départ de {cpts.with_article}",
        (
            f"Votre départ de {cpts.with_article} est enregistré : vos rôles et vos mandats y prennent fin, vos "
            "créneaux ne lui sont plus ouverts. Si c’est une erreur, répondez à la coordination : votre adhésion se "
            "reprend avec tout son passé.",
        ),
        signature=_signature(cpts),
    )


def taken_back(membership: Membership, contest_url: str) -> Letter:
    """Their membership is in force again, and their agenda waits for their own yes."""
    cpts = membership.cpts
    return Letter(
        f"Votre adhésion à {cpts.with_article} est reprise",
        (
            f"Votre adhésion à {cpts.with_article} est reprise, avec tout son passé. Si vous y aviez un agenda, il "
            "reste fermé à cette CPTS jusqu’à ce que vous le rouvriez vous-même, dans « Mes créneaux ».",
            _not_me(contest_url),
        ),
        signature=_signature(cpts),
    )


def samples() -> Samples:
    """One of each, about invented people."""
    cpts, url = invented_cpts(), links.on_this_site("/exemple")
    member = Membership(
        cpts=cpts,
        given_name="Camille",
        family_name="Essai",
        occupation="infirmière",
        college=College(name="Professionnels libéraux", yearly_fee=Decimal(30)),
        decision_reason="exercice hors du territoire.",
    )
    proof = NumberProof(user=invented_account(), means=ProofMeans.FACE_TO_FACE, cpts=cpts, checked_by_name="M. Essai")
    ends_on = date(2026, 12, 31)
    mandate = Mandate(cpts=cpts, membership=member, body=Body.BUREAU, function="trésorière", ends_on=ends_on)
    return {
        "request_received": request_received(member),
        "already_known": already_known(member),
        "asked_from_elsewhere": asked_from_elsewhere(member, "autre@exemple.invalid"),
        "request_to_decide": request_to_decide(member),
        "welcome": welcome(member, with_account=True),
        "refused": refused(member),
        "ending": ending(mandate),
        "membership_bound": membership_bound(member, url),
        "merged": merged(member, member, url),
        "checked_in_person": checked_in_person(proof, url),
        "number_proved": number_proved(member, proof, url),
        "contested": contested(member),
        "contest_settled": contest_settled(member, is_kept=True),
        "address_to_confirm": address_to_confirm(member, url),
        "address_changing": address_changing(member, url),
        "address_replaced": address_replaced(member, url),
        "left": left(member),
        "taken_back": taken_back(member, url),
    }
