"""Every write on the persons helped: opened, released, found, each reading traced."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, ForeignKey, ForeignObjectRel, OuterRef, Q

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.secrecy.keyring import Keyring, SealingKeyDestroyed
from maillage.core.secrecy.sealed import read_sealed, write_sealed
from maillage.cpts.models import Cpts
from maillage.patients.acts import Act
from maillage.patients.models import IndexSecret, PatientRecord, PatientRecordQuerySet, PatientTerm
from maillage.patients.rules.terms import Term, are_alike, terms_of

MOST_TERMS = 8  # looked for at once
SEARCHED = ("who", "phone", "born_on")  # the doctor of a patient finds nobody


@transaction.atomic
def open_record(*, cpts: Cpts, facts: dict[str, str], by: User | None, at: datetime) -> PatientRecord:
    """`facts`: who, and perhaps phone, born_on and doctor. Raises NoSealingKey, SealingKeyDestroyed."""
    record = PatientRecord(cpts=cpts, opened_by=by, opened_at=at)
    keys = Keyring()
    write_sealed(record, "sealed", facts, at=at, keys=keys)
    record.save()
    secret = _secret_of(cpts, at, keys)
    PatientTerm.objects.bulk_create(
        PatientTerm(cpts=cpts, record=record, kind=term.kind, digest=_digest(secret, term)) for term in _terms(facts)
    )
    return record


def _terms(facts: dict[str, str]) -> frozenset[Term]:
    return terms_of(*(facts.get(name, "") for name in SEARCHED))


def _secret_of(cpts: Cpts, at: datetime, keys: Keyring) -> bytes:
    """Drawn at the first use; that of whoever was faster, if anybody was. Raises NoSealingKey, SealingKeyDestroyed."""
    row = IndexSecret.objects.filter(cpts=cpts).first()
    if row is None:
        row = IndexSecret(cpts=cpts)
        write_sealed(row, "sealed", {"secret": secrets.token_hex(32)}, at=at, keys=keys)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            row = IndexSecret.objects.get(cpts=cpts)
    kept = read_sealed(row, "sealed", keys=keys).get("secret")
    if not kept:
        raise SealingKeyDestroyed
    return bytes.fromhex(kept)


def _digest(secret: bytes, term: Term) -> str:
    return hmac.new(secret, f"{term.kind}:{term.text}".encode(), "sha256").hexdigest()


@transaction.atomic
def search(*, cpts: Cpts, text: str, by: User, at: datetime) -> PatientRecordQuerySet:
    """Records that hold all that is typed: words of a name, a telephone, a birth date. That somebody looked is
    written, not whom for. Raises NoSealingKey, SealingKeyDestroyed."""
    audit.record(Act.PATIENT_SEARCH, target=cpts, by=by, at=at, cpts=cpts, summary="Patient recherché")
    secret = _secret_of(cpts, at, Keyring())
    digests = sorted(_digest(secret, term) for term in terms_of(text))[:MOST_TERMS]
    return PatientRecord.objects.of(cpts).kept().found_by(digests)


def look_alikes(record: PatientRecord, facts: dict[str, str], *, at: datetime) -> list[PatientRecord]:
    """Others of the CPTS that may be the same person, the latest first. `facts`: what the record was read to say.

    Raises NoSealingKey.
    """
    secret = _secret_of(record.cpts, at, Keyring())
    own = {_digest(secret, term): term for term in _terms(facts)}
    shared: dict[int, list[Term]] = {}
    rows = PatientTerm.objects.filter(cpts=record.cpts, digest__in=own).exclude(record=record)
    for row in rows:
        shared.setdefault(row.record_id, []).append(own[row.digest])
    alike = [key for key, terms in shared.items() if are_alike(terms, own.values())]
    return list(PatientRecord.objects.kept().filter(pk__in=alike).order_by("-opened_at", "-pk"))


def release(records: Iterable[PatientRecord], *, at: datetime) -> int:
    """What a mission has erased names nobody there any more: the record goes unless another mission still names it.

    How many were erased. Running it twice erases nothing more.
    """
    keys = [record.pk for record in records]
    over = PatientRecord.objects.kept().filter(_named_by_nobody(), pk__in=keys)
    gone = list(over.values_list("pk", flat=True))
    PatientTerm.objects.filter(record__in=gone).delete()
    return PatientRecord.objects.filter(pk__in=gone).update(sealed=b"", erased_at=at)


def _named_by_nobody() -> Q:
    """No row of any mission that has not erased its own."""
    condition = Q()
    for relation in PatientRecord._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.related_model is PatientTerm:
            continue
        field = relation.field
        assert isinstance(field, ForeignKey)
        rows = field.model._default_manager.filter(**{field.name: OuterRef("pk")}, erased_at=None)
        condition &= Q(~Exists(rows))
    return condition
