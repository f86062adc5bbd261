"""Who may see a slot, said once: what a search lists, what a booking takes and what the SAS is told are the same slots.

Whoever looks, a slot is OPEN: free, hidden by nothing, said how and to whom. Then

- the desk of a CPTS sees it where its owner acts as a member (FROM_A_MEMBER) and opened it to them (OPENED_TO_CPTS);
- the regulation and the SAS see it where its owner is SHOWN_TO_SAS, its place confirmed, and it is OPENED_TO_SAS.

These are conditions for the statements written by hand, on the row that they call `slot`; the ones about its owner are
also asked of an agenda that has no slot yet. `%(cpts)s` is the CPTS that looks. The QuerySets say the same in the words
of the ORM; tests/unscheduled_care/test_visibility.py holds them together.
"""

from django.db.models import Q

from maillage.accounts.models import PROOF_IN_FORCE
from maillage.cpts.models import Approval
from maillage.members.models.membership import IN
from maillage.unscheduled_care.rules.slots import ALL_KINDS, Kind

STATUSES = ", ".join(f"'{status.value}'" for status in IN)
APPROVED = f"home.approval = '{Approval.APPROVED}'"  # of the CPTS that a statement calls `home`
# The memberships of an owner in force, to be told which; `in_force()` of the ORM.
LINKS_IN_FORCE = f"""FROM unscheduled_care_effectormembership AS link
    JOIN members_membership AS membership ON membership.id = link.membership_id
        AND membership.contested_at IS NULL AND membership.status IN ({STATUSES})
    JOIN cpts_cpts AS home ON home.id = link.cpts_id"""
# None of the memberships behind the row that a statement calls `owner` is contested.
NO_CONTEST = f"""NOT EXISTS (SELECT 1 FROM unscheduled_care_effectormembership AS other
    JOIN members_membership AS page ON page.id = other.membership_id
    WHERE other.effector_id = owner.id AND page.contested_at IS NOT NULL
        AND (page.status IN ({STATUSES}) OR owner.national_id IS NULL))"""  # noqa: S608  # constants
# Its account proved the number of the row that a statement calls `owner`.
PROVED = f"""EXISTS (SELECT 1 FROM accounts_numberproof AS proof
    WHERE proof.user_id = owner.account_id AND proof.national_id = owner.national_id AND {PROOF_IN_FORCE})"""  # noqa: S608  # constants
# `in_force()` of the owners that are `uncontested()`: what nobody can open takes no patient.
ACTING = f"""{LINKS_IN_FORCE}
    JOIN unscheduled_care_effector AS owner ON owner.id = link.effector_id
        AND (owner.national_id IS NULL OR {PROVED}) AND {NO_CONTEST}"""
# Which of those links let a CPTS see its owner: its own, or those of approved CPTS unless it waits for approval itself.
REACHED = f"""(link.cpts_id = %(cpts)s OR ({APPROVED}
    AND NOT EXISTS (SELECT 1 FROM cpts_cpts WHERE id = %(cpts)s AND approval <> '{Approval.APPROVED}')))"""  # noqa: S608  # constants
# The agreement of an approved CPTS with the regulation is recorded: of a row that has a `cpts`, for the ORM; in SQL.
OF_AN_AGREED_CPTS = Q(cpts__approval=Approval.APPROVED, cpts__care_settings__agreed_with_sas_on__isnull=False)
AGREED = f"""JOIN unscheduled_care_caresettings AS care ON care.cpts_id = home.id
    AND care.agreed_with_sas_on IS NOT NULL AND {APPROVED}"""
# `shown_to_sas()`, of the row that a statement calls `owner`.
SHOWN_TO_SAS = f"""owner.sas_agreed_at IS NOT NULL AND {PROVED} AND {NO_CONTEST}
AND EXISTS (SELECT 1 {LINKS_IN_FORCE} {AGREED} WHERE link.effector_id = owner.id)"""  # constants

DESK_KINDS = Kind.PUBLIC | Kind.PRO  # what any CPTS sees; the kind CPTS is seen by those it is open to
WITHOUT_CPTS = ALL_KINDS & ~Kind.CPTS
OPEN = Q(status="free", is_masked=False, reserved_for="", kinds__gt=0, modes__gt=0)
OPEN_SQL = (
    "{slot}.status = 'free' AND NOT {slot}.is_masked AND {slot}.reserved_for = '' "
    "AND {slot}.kinds > 0 AND {slot}.modes > 0"
)
OPENED_TO_CPTS = f"""((slot.kinds & {DESK_KINDS:d}) <> 0 OR ((slot.kinds & {Kind.CPTS:d}) <> 0 AND EXISTS (
    SELECT 1 FROM unscheduled_care_slotaudience WHERE slot_id = slot.id AND cpts_id = %(cpts)s)))"""  # noqa: S608  # constants
FROM_A_MEMBER = f"EXISTS (SELECT 1 {ACTING} WHERE link.effector_id = slot.effector_id AND {REACHED})"
# Of the kind CPTS alone, it is open to one whose agreement is recorded.
OPENED_TO_SAS = f"""((slot.kinds & {WITHOUT_CPTS:d}) <> 0 OR EXISTS (
    SELECT 1 FROM unscheduled_care_slotaudience AS audience
    JOIN cpts_cpts AS home ON home.id = audience.cpts_id {AGREED}
    WHERE audience.slot_id = slot.id))"""  # noqa: S608  # constants
# A search keeps few columns of the slots it reads: its place is asked of the slot by its key.
AT_A_CONFIRMED_PLACE = """EXISTS (SELECT 1 FROM unscheduled_care_slot AS whole
    JOIN unscheduled_care_schedule AS place ON place.id = whole.schedule_id AND place.confirmed_at IS NOT NULL
    WHERE whole.id = slot.id)"""
TOLD_TO_SAS = f"""EXISTS (SELECT 1 FROM unscheduled_care_effector AS owner
    WHERE owner.id = slot.effector_id AND {SHOWN_TO_SAS}) AND {OPENED_TO_SAS} AND {AT_A_CONFIRMED_PLACE}"""  # noqa: S608  # constants
