"""Fill an empty database with one believable year of life, through the same actions as the screens."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from maillage.accounts.actions import grant_role, invite
from maillage.accounts.models import Role, RoleAssignment, User
from maillage.core.limits import uncounted
from maillage.core.scene import DOMAIN, Scene, at_hour
from maillage.core.text import normalised
from maillage.core.workspaces import demonstrated
from maillage.cpts.models import Cpts, Stage
from maillage.directory.models import Practitioner, PractitionerRole, Profession
from maillage.directory.rules.identifiers import role_key, rpps_key
from maillage.directory.rules.professions import group_of
from maillage.geography.models import Commune, Departement, Region
from maillage.geography.queries import communes_of_epci
from maillage.members.actions import add_member, give_mandate, record_fee, request_membership, sign_convention
from maillage.members.models import Body, College, Fee, FeeMethod, MemberKind, Membership, MembershipStatus
from maillage.members.queries.prefill import fields_of
from maillage.members.rules.names import search_name
from maillage.oversight.actions.approval import ask_approval, decide
from maillage.portal.demo.names import FAMILY_NAMES, GIVEN_NAMES
from maillage.portal.demo.people import PERSONAS, Persona
from maillage.portal.demo.register import Invented, Place, rpps
from maillage.territory.actions import Addition, change_perimeter, found_cpts, put_in_force
from maillage.territory.models import Perimeter

SEED = 24
PASSWORD = "demonstration"
DEPARTEMENT, REGION = "24", "75"
BERGERACOISE, BASTIDES, NONTRONNAIS = "200070647", "200034833", "200071819"
SHARED_MEMBERS = 6

# profession, how many members, occupation as they say it, speciality
STAFF: tuple[tuple[Profession, int, str, str], ...] = (
    (Profession.DOCTOR, 25, "Médecin généraliste", "SM54"),
    (Profession.NURSE, 36, "Infirmier, infirmière", ""),
    (Profession.PHYSIOTHERAPIST, 17, "Masseur-kinésithérapeute", ""),
    (Profession.PHARMACIST, 14, "Pharmacien, pharmacienne", ""),
    (Profession.DENTIST, 6, "Chirurgien-dentiste", ""),
    (Profession.MIDWIFE, 5, "Sage-femme", ""),
    (Profession.SPEECH_THERAPIST, 6, "Orthophoniste", ""),
    (Profession.PODIATRIST, 5, "Pédicure-podologue", ""),
    (Profession.PSYCHOLOGIST, 5, "Psychologue", ""),
    (Profession.DIETITIAN, 3, "Diététicien, diététicienne", ""),
    (Profession.OCCUPATIONAL_THERAPIST, 2, "Ergothérapeute", ""),
    (Profession.ORTHOPTIST, 2, "Orthoptiste", ""),
    (Profession.PSYCHOMOTOR_THERAPIST, 2, "Psychomotricien, psychomotricienne", ""),
    (Profession.NURSE_AIDE, 3, "Aide-soignant, aide-soignante", ""),
)

COLLEGES = {"Médecins": 40, "Pharmaciens": 40, "Paramédicaux": 30, "Usagers, élus et structures": 20}
GROUPS_OF = {"Médecins": ("10G", "10S", "40", "50"), "Pharmaciens": ("21",)}
HOME_GROUPS = ("60", "70", "80", "91")
# Invented structures and people: name, who stands for it, as what, where.
STRUCTURES = (
    ("EHPAD Les Tilleuls (fictif)", "Maud", "Vergnolle", "Directrice", "24037"),
    ("Association des usagers du Bergeracois (fictive)", "Serge", "Lacombrade", "Représentant d’usagers", "24037"),
)
MANDATES = (("Vice-présidente", 400), ("Secrétaire adjoint", 38), ("Trésorière adjointe", 400))
REQUESTS = (
    (
        "Louise",
        "Castagné",
        "Sage-femme",
        "24037",
        "Je m’installe en janvier : le groupe périnatalité m’intéresse.",
    ),
    ("Bastien", "Roumégoux", "Éducateur spécialisé", "24322", "Je travaille au CSAPA, sur les addictions."),
)


@dataclass(frozen=True)
class World:
    """What the seeding passes around: one source of chance, one today, one password hash."""

    chance: random.Random
    today: date
    password: str

    def at(self, days_ago: int, hour: int = 10) -> datetime:
        return at_hour(self.today - timedelta(days=days_ago), hour, 30)


def is_seeded() -> bool:
    return Cpts.objects.exists()


@uncounted()
def show(today: date) -> None:
    """The CPTS, its people, then what each app tells of it. The communes must be loaded."""
    scene = seed(today)
    for tell in demonstrated():
        tell(scene)


@uncounted()
@transaction.atomic
def seed(today: date) -> Scene:
    """The CPTS and their people. Deterministic, relative to `today`. The communes must be loaded."""
    world = World(random.Random(SEED), today, make_password(PASSWORD))
    users = {persona.key: _account(persona, world) for persona in PERSONAS}
    coordinator = users["claire.aubert"]
    bergerac = _cpts("CPTS du Bergeracois", BERGERACOISE, Stage.CONTRACT_SIGNED, coordinator, world, founded=700)
    founder = _founder(world)
    bastides = _cpts("CPTS Bastides et Dordogne", BASTIDES, Stage.PROJECT_VALIDATED, founder, world, founded=420)
    _roles(users, bergerac, world)
    _waiting_cpts(world)
    professionals = list(_professionals(bergerac))
    _members(bergerac, professionals, world)
    _members(bastides, professionals[:SHARED_MEMBERS], world)
    _others(bergerac, users, world)
    invite(cpts=bergerac, email=f"nouvelle.recrue@{DOMAIN}", role=Role.MEMBER, by=coordinator, at=world.at(1))
    return Scene(today, bergerac, bastides, users)


def _account(persona: Persona, world: World) -> User:
    return _user(persona.email, persona.given_name, persona.family_name, world)


def _founder(world: World) -> User:
    return _user(f"solene.tourliac@{DOMAIN}", "Solène", "Tourliac", world)


def _user(email: str, given_name: str, family_name: str, world: World) -> User:
    user = User.objects.create(email=email, given_name=given_name, family_name=family_name, password=world.password)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _cpts(name: str, epci: str, stage: Stage, by: User, world: World, *, founded: int) -> Cpts:
    """Founded, composed in two saves, in force, and moved to its stage."""
    departement = Departement.objects.get(pk=DEPARTEMENT)
    cpts = found_cpts(name=name, departement=departement, by=by, at=world.at(founded))
    perimeter = Perimeter.objects.select_related("cpts").get(cpts=cpts)
    communes = communes_of_epci(epci)
    for step, (codes, days_ago) in enumerate(((communes[:20], founded - 20), (communes[20:], founded - 60))):
        additions = [Addition(code) for code in codes]
        change_perimeter(perimeter=perimeter, read_version=step, by=by, at=world.at(days_ago, 14), add=additions)
    since = world.today - timedelta(days=founded - 90)
    put_in_force(perimeter=perimeter, read_version=2, on=since, by=by, at=world.at(founded - 90))
    Cpts.objects.filter(pk=cpts.pk).update(stage=stage)
    ask_approval(cpts=cpts, by=by, at=world.at(founded - 91))
    decide(cpts=cpts, is_approved=True, reason="", by=None, at=world.at(founded - 95))
    cpts.refresh_from_db()
    return cpts


def _waiting_cpts(world: World) -> None:
    """One that its founder composed, and whose approval the guichet has not answered yet."""
    founder = _user(f"maelle.vergnol@{DOMAIN}", "Maëlle", "Vergnol", world)
    departement = Departement.objects.get(pk=DEPARTEMENT)
    cpts = found_cpts(name="CPTS Nontronnais en projet", departement=departement, by=founder, at=world.at(20))
    perimeter = Perimeter.objects.select_related("cpts").get(cpts=cpts)
    additions = [Addition(code) for code in communes_of_epci(NONTRONNAIS)]
    change_perimeter(perimeter=perimeter, read_version=0, by=founder, at=world.at(12), add=additions)
    ask_approval(cpts=cpts, by=founder, at=world.at(4))


def _roles(users: dict[str, User], cpts: Cpts, world: World) -> None:
    scopes: dict[str, dict[str, Any]] = {
        "departement": {"departement": Departement.objects.get(pk=DEPARTEMENT)},
        "region": {"region": Region.objects.get(pk=REGION)},
        "instance": {},
    }
    coordinator = users["claire.aubert"]
    for number, persona in enumerate(PERSONAS):
        if persona.scope == "cpts" and persona.role != Role.COORDINATOR:
            grant_role(
                user=users[persona.key], role=persona.role, cpts=cpts, by=coordinator, at=world.at(340 - 9 * number)
            )
        elif persona.scope != "cpts":
            RoleAssignment.objects.create(
                user=users[persona.key], role=persona.role, created_at=world.at(365), **scopes[persona.scope]
            )


def invented_members(communes: list[Commune]) -> list[tuple[Invented, str]]:
    """The members to be, on these communes, the populous ones more often: a line of the register and an occupation."""
    chance = random.Random(SEED)
    weights = [commune.population or 1 for commune in communes]
    names = [(given, family) for given in GIVEN_NAMES for family in FAMILY_NAMES]
    chance.shuffle(names)
    members: list[tuple[Invented, str]] = []
    for profession, count, occupation, speciality in STAFF:
        for _ in range(count):
            given, family = names[len(members)]
            place = place_of(chance.choices(communes, weights)[0])
            mode = "S" if profession == Profession.NURSE_AIDE else "L"
            member = Invented(
                rpps(len(members) + 1), family, given, profession, speciality, mode, place, len(members) % 4
            )
            members.append((member, occupation))
    return members


def place_of(commune: Commune) -> Place:
    postal_code = (commune.postal_codes.split() or [commune.code])[0]
    return Place(commune.code, commune.name, postal_code, commune.population or 0)


def _professionals(cpts: Cpts) -> Iterator[tuple[PractitionerRole, str]]:
    """Their exercises in the directory, made here when no register was loaded."""
    communes = Commune.objects.filter(perimeter_parts__cpts=cpts).defer("outline", "neighbours").order_by("code")
    for member, occupation in invented_members(list(communes)):
        key = rpps_key(member.rpps)
        role = PractitionerRole.objects.select_related("practitioner", "commune").filter(practitioner=key).first()
        yield role or _role(member, key), occupation


def _role(member: Invented, key: int) -> PractitionerRole:
    practitioner = Practitioner.objects.create(
        id=key,
        given_name=member.given_name,
        family_name=member.family_name,
        search_name=normalised(f"{member.family_name} {member.given_name}"),
    )
    return PractitionerRole.objects.create(
        id=role_key(
            str(key).encode(), member.profession.encode(), b"C", member.mode.encode(), member.former_id.encode()
        ),
        practitioner=practitioner,
        profession=member.profession,
        group=group_of(member.profession, [member.speciality]),
        mode=member.mode,
        specialities=member.speciality,
        commune_id=member.place.code,
    )


def _members(cpts: Cpts, professionals: list[tuple[PractitionerRole, str]], world: World) -> None:
    """Arrivals spread over the year; a few who have not paid, a few departures; what each says of themselves."""
    colleges = {name: College.objects.create(cpts=cpts, name=name, yearly_fee=fee) for name, fee in COLLEGES.items()}
    for number, (role, occupation) in enumerate(professionals):
        joined = world.today - timedelta(days=world.chance.randrange(20, 700))
        status, left = MembershipStatus.UP_TO_DATE, None
        if number % 11 == 7:
            status = MembershipStatus.ACCEPTED
        if number % 44 == 13:
            status, left = MembershipStatus.LEFT, world.today - timedelta(days=9)
        known = fields_of(role.practitioner, role) | {"occupation": occupation}
        college = colleges[college_of(role.group)]
        given_name, family_name = known["given_name"], known["family_name"]
        membership = Membership.objects.create(
            cpts=cpts,
            **known | {"phone": known["phone"] or fiction_phone(number)},
            search_name=search_name(family_name=family_name, given_name=given_name),
            email=f"{normalised(f'{given_name}.{family_name}').replace(' ', '.')}@{DOMAIN}",
            college=college,
            status=status,
            joined_on=joined,
            left_on=left,
            is_public=number % 3 == 0,
            may_be_reached=number % 5 != 2,
            consented_at=world.at(300),
            new_patients=("yes", "", "no", "")[number % 4],
            home_visits=role.group in HOME_GROUPS,
            languages=("anglais", "", "", "espagnol, portugais", "")[number % 5],
        )
        if status == MembershipStatus.UP_TO_DATE:
            Fee.objects.create(
                cpts=cpts,
                membership=membership,
                year=world.today.year,
                amount=college.yearly_fee or 0,
                method=FeeMethod.TRANSFER,
                paid_on=max(joined, date(world.today.year, 1, 1)),
            )


def college_of(group: str) -> str:
    """The college of a profession, as the invented statutes have it."""
    return next((name for name, groups in GROUPS_OF.items() if group in groups), "Paramédicaux")


def _others(cpts: Cpts, users: dict[str, User], world: World) -> None:
    """Members the directory does not hold, and two requests that wait."""
    coordinator = users["claire.aubert"]
    usagers = College.objects.get(cpts=cpts, name="Usagers, élus et structures")
    for structure, given_name, family_name, occupation, commune in STRUCTURES:
        fields = {
            "kind": MemberKind.STRUCTURE,
            "structure": structure,
            "given_name": given_name,
            "family_name": family_name,
            "occupation": occupation,
            "commune_id": commune,
            "college": usagers,
            "joined_on": world.today - timedelta(days=200),
            "is_public": True,
        }
        add_member(cpts=cpts, fields=fields, by=coordinator, at=world.at(200))
    _govern(cpts, coordinator, world)
    paul = users["paul.loret"]
    fields = {
        "given_name": paul.given_name,
        "family_name": paul.family_name,
        "occupation": "Infirmier",
        "group": "60",
        "commune_id": "24037",
        "email": paul.email,
        "phone": fiction_phone(500),
        "may_be_reached": True,
        "college": College.objects.get(cpts=cpts, name="Paramédicaux"),
    }
    own = add_member(cpts=cpts, fields=fields, by=coordinator, at=world.at(150))
    record_fee(
        membership=own,
        year=world.today.year,
        amount=Decimal(30),
        method=FeeMethod.TRANSFER,
        paid_on=max(world.today - timedelta(days=140), date(world.today.year, 1, 1)),
        by=coordinator,
        at=world.at(140),
    )
    for number, (given_name, family_name, occupation, commune, message) in enumerate(REQUESTS):
        fields = {
            "given_name": given_name,
            "family_name": family_name,
            "occupation": occupation,
            "commune_id": commune,
            "email": f"demande{number}@{DOMAIN}",
            "message": message,
            "may_be_reached": True,
        }
        request_membership(cpts=cpts, fields=fields, at=world.at(2 + number))


def _govern(cpts: Cpts, coordinator: User, world: World) -> None:
    """A bureau, one mandate of which ends soon, and a convention to renew."""
    doctors = Membership.objects.of(cpts).current().filter(group="10G").select_related("cpts").order_by("pk")
    for membership, (function, days) in zip(doctors, MANDATES, strict=False):
        give_mandate(
            membership=membership,
            body=Body.BUREAU,
            function=function,
            starts_on=world.today - timedelta(days=330),
            ends_on=world.today + timedelta(days=days),
            by=coordinator,
            at=world.at(330),
        )
    fields = {
        "partner": "EHPAD Les Tilleuls (fictif)",
        "purpose": "Sorties d’hospitalisation, astreintes infirmières",
        "signatories": "La présidente et la directrice",
        "starts_on": world.today - timedelta(days=320),
        "ends_on": world.today + timedelta(days=45),
        "is_renewed_tacitly": False,
    }
    sign_convention(cpts=cpts, fields=fields, document=None, by=coordinator, at=world.at(320))


def fiction_phone(number: int) -> str:
    """In the range that the Arcep keeps for works of fiction."""
    return f"05364900{number % 100:02d}"
