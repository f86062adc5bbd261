"""One factory a model, traits instead of subclasses, fixed instants."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import factory
from allauth.account.models import EmailAddress
from pypdf import PdfWriter

from maillage.accounts.models import AccountKind, Role, RoleAssignment, User
from maillage.core.text import normalised
from maillage.cpts.models import Approval, Cpts
from maillage.directory.models import Organization, Practitioner, PractitionerRole
from maillage.geography.queries import communes_of_epci
from maillage.meetings.models import Meeting, MeetingKind, MeetingStatus, Participant
from maillage.members.models import College, Membership, MembershipStatus
from maillage.records.models import Attachment, Snapshot
from maillage.records.rules.shapes import fingerprint
from maillage.sas.models import Regulator
from maillage.sas.rules.fhir_codes import SAS_SYSTEM
from maillage.territory.models import Perimeter, PerimeterPart, PerimeterStatus
from maillage.territory.rules.frozen import PERIMETER, PerimeterRecord

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
PASSWORD = "une phrase assez longue"


class CptsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Cpts

    name = factory.Sequence(lambda n: f"CPTS numéro {n}")
    search_name = factory.LazyAttribute(lambda one: normalised(one.name))
    slug = factory.Sequence(lambda n: f"cpts-{n}")
    departement_id = "24"
    created_at = NOON
    approval = Approval.APPROVED
    decided_at = factory.LazyAttribute(lambda one: None if one.approval == Approval.WAITING else NOON)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"personne{n}@exemple.invalid")
    given_name = "Camille"
    family_name = factory.Sequence(lambda n: f"Essai-{n}")

    @factory.post_generation
    def password(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        self.save(update_fields=["password"])
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)

    @factory.post_generation
    def role(self, create: bool, extracted: Role | None, **kwargs: Any) -> None:
        self._role = extracted

    @factory.post_generation
    def on(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Where the role is held: a Cpts, {"departement_id": …}, {"region_id": …}; nothing for the instance."""
        if self._role:
            scope = {"cpts": extracted} if isinstance(extracted, Cpts) else (extracted or {})
            RoleAssignment.objects.create(user=self, role=self._role, created_at=NOON, **scope)


class SnapshotFactory(factory.django.DjangoModelFactory):
    """A frozen content of no kind: what the actions freeze is read by their tests."""

    class Meta:
        model = Snapshot

    cpts = factory.SubFactory(CptsFactory)
    shape = "tests.nothing"
    number = 1
    content = "{}"
    sha256 = factory.LazyAttribute(lambda snapshot: fingerprint(snapshot.content))
    taken_at = NOON


EMPTY = PERIMETER.write(PerimeterRecord(number=1, since="2025-03-01", communes=[], population=0))


class PerimeterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Perimeter
        skip_postgeneration_save = True

    class Params:
        in_force = factory.Trait(
            status=PerimeterStatus.IN_FORCE,
            in_force_since=date(2025, 3, 1),
            snapshot=factory.SubFactory(
                SnapshotFactory, cpts=factory.SelfAttribute("..cpts"), shape=PERIMETER.name, content=EMPTY
            ),
        )

    cpts = factory.SubFactory(CptsFactory)
    number = factory.LazyAttribute(lambda one: Perimeter.objects.filter(cpts=one.cpts).count() + 1)
    created_at = NOON

    @factory.post_generation
    def epci(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        _add(self, communes_of_epci(extracted) if extracted else [])

    @factory.post_generation
    def communes(self, create: bool, extracted: list[str] | None, **kwargs: Any) -> None:
        _add(self, extracted or [])


def _add(perimeter: Perimeter, codes: list[str]) -> None:
    PerimeterPart.objects.bulk_create(
        PerimeterPart(cpts=perimeter.cpts, perimeter=perimeter, commune_id=code) for code in codes
    )


class CollegeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = College

    cpts = factory.SubFactory(CptsFactory)
    name = factory.Sequence(lambda n: f"Collège {n}")


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    cpts = factory.SubFactory(CptsFactory)
    practitioner = None
    # Named as the register names their number, when they bear one.
    given_name = factory.LazyAttribute(lambda one: one.practitioner.given_name if one.practitioner else "Camille")
    family_name = factory.LazyAttributeSequence(
        lambda one, n: one.practitioner.family_name if one.practitioner else f"Adhérente-{n:03d}"
    )
    search_name = factory.LazyAttribute(lambda one: normalised(f"{one.structure} {one.family_name} {one.given_name}"))
    structure = ""
    occupation = "Infirmière"
    group = "60"
    commune_id = "24037"
    status = MembershipStatus.UP_TO_DATE
    joined_on = date(2026, 1, 5)
    email = ""
    # Of somebody who has an account at this address, as if they had accepted their invitation; account=None: not yet.
    account = factory.LazyAttribute(lambda one: _account_at(one.email, one.cpts) if one.email else None)
    bound_at = factory.LazyAttribute(lambda one: NOON if one.account else None)


def _account_at(email: str, cpts: Cpts) -> User | None:
    """Unless the account is bound there already: two people may share an address, an account is one of them."""
    taken = Membership.objects.filter(cpts=cpts, account__isnull=False).values("account")
    return User.objects.filter(email__iexact=email).exclude(pk__in=taken).first()


class MeetingFactory(factory.django.DjangoModelFactory):
    """Convened, this evening."""

    class Meta:
        model = Meeting

    class Params:
        draft = factory.Trait(status=MeetingStatus.DRAFT)
        undated = factory.Trait(status=MeetingStatus.DRAFT, starts_at=None, ends_at=None)

    cpts = factory.SubFactory(CptsFactory)
    kind = MeetingKind.GROUP
    title = factory.Sequence(lambda n: f"Réunion {n}")
    starts_at = NOON + 8 * HOUR
    ends_at = NOON + 10 * HOUR
    status = MeetingStatus.PLANNED
    created_at = NOON


class ParticipantFactory(factory.django.DjangoModelFactory):
    """A member of the CPTS of the meeting; membership=None makes somebody from elsewhere."""

    class Meta:
        model = Participant

    meeting = factory.SubFactory(MeetingFactory)
    cpts = factory.SelfAttribute("meeting.cpts")
    membership = factory.SubFactory(
        MembershipFactory,
        cpts=factory.SelfAttribute("..meeting.cpts"),
        email=factory.Sequence(lambda n: f"adherente{n}@exemple.invalid"),
        may_be_reached=True,
    )
    name = factory.LazyAttribute(lambda one: str(one.membership) if one.membership else "Invitée Ailleurs")
    search_name = factory.LazyAttribute(lambda one: normalised(one.name))


class OrganizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organization

    id = factory.Sequence(lambda n: f"1990{n:06d}")
    name = factory.Sequence(lambda n: f"CABINET {n}")
    search_name = factory.LazyAttribute(lambda one: normalised(one.name))


class PractitionerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Practitioner

    id = factory.Sequence(lambda n: 899_900_000_000 + n)
    family_name = factory.Sequence(lambda n: f"SOIGNANTE-{n}")
    given_name = "Ève"
    search_name = factory.LazyAttribute(lambda one: normalised(f"{one.family_name} {one.given_name}"))


class PractitionerRoleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PractitionerRole

    class Params:
        family_name = "SOIGNANTE"
        given_name = "Ève"

    id = factory.Sequence(lambda n: n + 1)
    practitioner = factory.SubFactory(
        PractitionerFactory,
        family_name=factory.SelfAttribute("..family_name"),
        given_name=factory.SelfAttribute("..given_name"),
    )
    profession = factory.LazyAttribute(lambda one: one.group[:2])
    group = "60"
    mode = "L"
    commune_id = "24037"


def pdf(text: str = "") -> bytes:
    """A PDF of one page; two texts make two files."""
    out, writer = io.BytesIO(), PdfWriter()
    writer.add_blank_page(width=200, height=200)
    writer.add_metadata({"/Title": text or "Essai"})
    writer.write(out)
    return out.getvalue()


class AttachmentFactory(factory.django.DjangoModelFactory):
    """A row alone: its file is not there."""

    class Meta:
        model = Attachment

    cpts = factory.SubFactory("tests.factories.CptsFactory")
    name = "Budget"
    kind = "pdf"
    size = 1_200_000
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    created_at = NOON


class RegulatorFactory(factory.django.DjangoModelFactory):
    """Declared by the SAS, and entered once: `identifier` is the technical one of the SAS."""

    class Meta:
        model = Regulator
        skip_postgeneration_save = True

    given_name = "Zoé"
    family_name = "Loret"
    email = "z@sas.test"
    account = factory.LazyFunction(
        lambda: User.objects.create(kind=AccountKind.EXTERNAL, identifier=f"regulator:{uuid4()}")
    )
    created_at = NOON
    updated_at = NOON

    @factory.post_generation
    def identifier(self, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.identifiers.create(system=SAS_SYSTEM, value=extracted or "z")
