"""Pages changed, fees, departures, colleges."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError

from maillage.audit.models import AuditEvent
from maillage.core.stale import Stale
from maillage.members import actions
from maillage.members.actions import keeping
from maillage.members.models import College, Fee, FeeMethod, Membership, MembershipStatus
from tests.factories import NOON, TODAY, CollegeFactory, MembershipFactory, PractitionerFactory

NEW_YEAR = datetime(2027, 1, 1, 6, tzinfo=UTC)


@pytest.fixture
def membership(cpts):
    return MembershipFactory(cpts=cpts, status=MembershipStatus.ACCEPTED)


def pay(membership, by, year=2026, amount="30", method=FeeMethod.TRANSFER):
    return actions.record_fee(
        membership=membership, year=year, amount=Decimal(amount), method=method, paid_on=TODAY, by=by, at=NOON
    )


def test_a_page_changes_and_the_date_of_a_choice_follows_it(membership, coordinator):
    actions.edit(
        membership=membership,
        read_version=0,
        fields={"family_name": "Été", "phone": "0536490017"},
        by=coordinator,
        at=NOON,
    )
    membership.refresh_from_db()
    assert (membership.search_name, membership.version, membership.consented_at) == ("ete camille", 1, None)
    actions.edit_own(membership=membership, read_version=1, fields={"is_public": True}, by=coordinator, at=NOON)
    membership.refresh_from_db()
    assert (membership.is_public, membership.consented_at, membership.version) == (True, NOON, 2)


@pytest.mark.parametrize("field", ["family_name", "email", "group", "college", "status", "practitioner"])
def test_nobody_writes_on_their_own_page_what_the_cpts_says_of_them(membership, coordinator, field):
    before = Membership.objects.values().get(pk=membership.pk)
    with pytest.raises(keeping.NotYoursToChange):
        actions.edit_own(membership=membership, read_version=0, fields={field: None}, by=coordinator, at=NOON)
    assert Membership.objects.values().get(pk=membership.pk) == before


def test_a_page_read_before_somebody_changed_it_is_refused(membership, coordinator):
    actions.edit(membership=membership, read_version=0, fields={"languages": "anglais"}, by=coordinator, at=NOON)
    with pytest.raises(Stale):
        actions.edit(membership=membership, read_version=0, fields={"languages": "basque"}, by=coordinator, at=NOON)
    membership.refresh_from_db()
    assert membership.languages == "anglais"
    assert AuditEvent.objects.filter(type="member.edited").count() == 1


@pytest.mark.parametrize(("year", "status"), [(2026, MembershipStatus.UP_TO_DATE), (2025, MembershipStatus.ACCEPTED)])
def test_the_fee_of_this_year_puts_up_to_date_and_an_older_one_does_not(membership, coordinator, year, status):
    pay(membership, coordinator, year=year)
    membership.refresh_from_db()
    assert membership.status == status


def test_a_fee_is_paid_once_a_year_and_may_be_taken_back(membership, coordinator):
    fee = pay(membership, coordinator)
    with pytest.raises(actions.FeeAlreadyPaid):
        pay(membership, coordinator)
    actions.cancel_fee(fee=Fee.objects.select_related("membership__cpts").get(pk=fee.pk), by=coordinator, at=NOON)
    membership.refresh_from_db()
    assert (membership.status, Fee.objects.count()) == (MembershipStatus.ACCEPTED, 0)


def test_whoever_is_not_in_pays_nothing(cpts, coordinator):
    with pytest.raises(actions.NotIn):
        pay(MembershipFactory(cpts=cpts, status=MembershipStatus.REQUESTED), coordinator)
    assert not Fee.objects.exists()


@pytest.mark.parametrize(("method", "amount"), [("exempt", "5"), ("transfer", "0")])
def test_the_database_refuses_an_exemption_that_is_paid_and_a_payment_of_nothing(membership, method, amount):
    with pytest.raises(IntegrityError):
        Fee.objects.create(
            cpts=membership.cpts, membership=membership, year=2026, amount=amount, method=method, paid_on=TODAY
        )


def test_the_first_of_january_follows_the_fees(cpts, coordinator):
    ahead, behind = MembershipFactory(cpts=cpts, status="accepted"), MembershipFactory(cpts=cpts)
    left = MembershipFactory(cpts=cpts, status="left", left_on=TODAY)
    pay(ahead, coordinator, year=2027)
    pay(behind, coordinator, year=2026)
    assert actions.follow_the_year(NEW_YEAR) == 2
    assert actions.follow_the_year(NEW_YEAR) == 0
    statuses = dict(Membership.objects.values_list("pk", "status"))
    assert statuses == {
        ahead.pk: MembershipStatus.UP_TO_DATE,
        behind.pk: MembershipStatus.ACCEPTED,
        left.pk: MembershipStatus.LEFT,
    }
    assert AuditEvent.objects.filter(type="member.year-followed").count() == 2


def test_a_departure_is_dated_and_never_before_the_arrival(membership, coordinator):
    with pytest.raises(actions.LeftBeforeArriving):
        actions.leave(membership=membership, on=date(2020, 1, 1), by=coordinator, at=NOON)
    actions.leave(membership=membership, on=TODAY, by=coordinator, at=NOON)
    assert (membership.status, membership.left_on) == (MembershipStatus.LEFT, TODAY)
    with pytest.raises(actions.NotIn):
        actions.leave(membership=membership, on=TODAY, by=coordinator, at=NOON)
    fields = {"joined_on": date(2026, 12, 1)}
    with pytest.raises(actions.LeftBeforeArriving):
        actions.edit(membership=membership, read_version=membership.version, fields=fields, by=coordinator, at=NOON)


@pytest.mark.parametrize(
    ("status", "becomes"), [("left", MembershipStatus.ACCEPTED), ("refused", MembershipStatus.REQUESTED)]
)
def test_what_ended_by_mistake_goes_on_with_its_past(cpts, coordinator, status, becomes):
    practitioner = PractitionerFactory()
    over = MembershipFactory(
        cpts=cpts, status=status, left_on=TODAY if status == "left" else None, practitioner=practitioner
    )
    actions.take_back(membership=over, by=coordinator, at=NOON)
    assert (over.status, over.left_on) == (becomes, None)
    with pytest.raises(actions.NotOver):
        actions.take_back(membership=over, by=coordinator, at=NOON)
    older = MembershipFactory(cpts=cpts, status="left", left_on=TODAY, practitioner=practitioner)
    with pytest.raises(actions.AlreadyMember):
        actions.take_back(membership=older, by=coordinator, at=NOON)


def test_colleges_have_one_name_and_stay_while_they_hold_members(cpts, neighbour, coordinator):
    def save(name, on=cpts, **more):
        return actions.save_college(
            cpts=on, name=name, weight=Decimal(2), yearly_fee=None, by=coordinator, at=NOON, **more
        )

    first, other = save("Médecins"), save("Usagers")
    save("Médecins", on=neighbour)
    with pytest.raises(actions.CollegeNameTaken):
        save("Médecins", college=other)
    MembershipFactory(cpts=cpts, college=first)
    with pytest.raises(actions.CollegeInUse):
        actions.remove_college(college=first, by=coordinator, at=NOON)
    actions.remove_college(college=other, by=coordinator, at=NOON)
    assert set(College.objects.filter(cpts=cpts).values_list("name", flat=True)) == {"Médecins"}
    assert AuditEvent.objects.filter(type="member.college-removed").count() == 1


def test_the_database_refuses_a_negative_weight(cpts):
    with pytest.raises(IntegrityError):
        CollegeFactory(cpts=cpts, weight=-1)
