"""Pages changed, fees, departures, colleges."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError

from maillage.audit.models import AuditEvent
from maillage.members import actions
from maillage.members.models import College, Fee, FeeMethod, Membership, MembershipStatus
from tests.factories import NOON, TODAY, CollegeFactory, MembershipFactory


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


def test_a_page_read_before_somebody_changed_it_is_refused(membership, coordinator):
    actions.edit(membership=membership, read_version=0, fields={"languages": "anglais"}, by=coordinator, at=NOON)
    with pytest.raises(actions.StaleMembership):
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


def test_a_new_year_lowers_whoever_has_not_paid_it(cpts, coordinator):
    paid, unpaid, left = (
        MembershipFactory(cpts=cpts),
        MembershipFactory(cpts=cpts),
        MembershipFactory(cpts=cpts, status="left", left_on=TODAY),
    )
    pay(paid, coordinator, year=2027)
    pay(unpaid, coordinator, year=2026)
    assert actions.lower_unpaid(date(2027, 1, 1)) == 1
    statuses = dict(Membership.objects.values_list("pk", "status"))
    assert (statuses[unpaid.pk], statuses[left.pk]) == (MembershipStatus.ACCEPTED, MembershipStatus.LEFT)


def test_a_departure_is_dated_and_never_before_the_arrival(membership, coordinator):
    actions.leave(membership=membership, on=date(2020, 1, 1), by=coordinator, at=NOON)
    assert (membership.status, membership.left_on) == (MembershipStatus.LEFT, membership.joined_on)
    with pytest.raises(actions.NotIn):
        actions.leave(membership=membership, on=TODAY, by=coordinator, at=NOON)


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
