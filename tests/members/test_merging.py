"""Two pages of one person become one."""

from datetime import date
from decimal import Decimal

import pytest

from maillage.audit.models import AuditEvent
from maillage.members import actions
from maillage.members.actions.merging import PageGone
from maillage.members.models import Fee, Mandate, Membership, MembershipStatus
from tests.factories import NOON, TODAY, MembershipFactory, PractitionerFactory


def fee(membership, year, amount="30"):
    return Fee.objects.create(
        cpts=membership.cpts, membership=membership, year=year, amount=Decimal(amount), method="cash", paid_on=TODAY
    )


def merge(kept, other, by):
    return actions.merge(kept=kept, other=other, by=by, at=NOON)


def test_blanks_are_filled_fees_and_mandates_come_over_and_the_past_of_both_stays(cpts, coordinator):
    practitioner = PractitionerFactory()
    kept = MembershipFactory(
        cpts=cpts, status="accepted", joined_on=date(2026, 3, 1), phone="0536490001", email="", family_name="Mas"
    )
    other = MembershipFactory(
        cpts=cpts,
        joined_on=date(2024, 1, 1),
        phone="0536490002",
        email="e@exemple.invalid",
        practitioner=practitioner,
        is_public=True,
        given_name="Camille",
        family_name="Mas",
    )
    fee(kept, 2026)
    fee(other, 2026, "99")
    fee(other, 2025)
    Mandate.objects.create(cpts=cpts, membership=other, body="bureau", function="Secrétaire", starts_on=TODAY)
    one = merge(kept, other, coordinator)
    assert Membership.objects.get() == one
    one.refresh_from_db()
    assert (one.phone, one.email, one.practitioner) == ("0536490001", "e@exemple.invalid", practitioner)
    assert (one.status, one.joined_on, one.version) == (MembershipStatus.UP_TO_DATE, date(2024, 1, 1), 1)
    # Nobody is shown in public because another page said so.
    assert one.is_public is False
    assert {(row.year, row.amount) for row in one.fees.all()} == {(2026, Decimal(30)), (2025, Decimal(30))}
    assert one.mandates.count() == 1
    assert AuditEvent.objects.get(type="member.merged").details["was"]["phone"] == "0536490002"


@pytest.mark.parametrize(
    ("kept", "other", "stands"),
    [
        ("left", "requested", MembershipStatus.REQUESTED),
        ("requested", "up-to-date", MembershipStatus.UP_TO_DATE),
        ("left", "left", MembershipStatus.LEFT),
        ("refused", "left", MembershipStatus.LEFT),
    ],
)
def test_the_person_stands_where_the_furthest_page_does(cpts, coordinator, kept, other, stands):
    pages = [
        MembershipFactory(cpts=cpts, status=status, left_on=TODAY if status == "left" else None, family_name="Mas")
        for status in (kept, other)
    ]
    one = merge(*pages, coordinator)
    assert (one.status, one.left_on) == (stands, TODAY if stands == MembershipStatus.LEFT else None)


def test_two_numbers_are_two_people(cpts, coordinator):
    pages = [MembershipFactory(cpts=cpts, practitioner=PractitionerFactory()) for _ in range(2)]
    with pytest.raises(actions.TwoPeople):
        merge(*pages, coordinator)
    assert Membership.objects.count() == 2


def test_a_page_merged_meanwhile_is_told_and_nothing_is_lost(cpts, coordinator):
    kept, other = MembershipFactory.create_batch(2, cpts=cpts, family_name="Mas")
    merge(kept, other, coordinator)
    with pytest.raises(PageGone):
        merge(kept, other, coordinator)
    assert Membership.objects.get() == kept
