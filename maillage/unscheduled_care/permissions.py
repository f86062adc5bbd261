"""What one may do with the slots and the patients of its territory."""

from maillage.accounts.models import Role
from maillage.accounts.permissions import ANY_MEMBER, TEAM, Permission

SLOT_PUBLISH = Permission("slot.publish", roles=ANY_MEMBER)
SLOT_BOOK = Permission("slot.book", roles=ANY_MEMBER)
CARE_MANAGE = Permission("care.manage", roles=TEAM, is_strong=True)
PATIENT_DESK = Permission("patient.desk", roles={Role.COORDINATOR, Role.MEDICAL_ASSISTANT}, is_strong=True)
