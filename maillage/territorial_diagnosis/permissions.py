"""What one may do with its diagnosis."""

from maillage.accounts.permissions import LEAD, READERS, Permission

DIAGNOSIS_VIEW = Permission("diagnosis.view", roles=READERS)
DIAGNOSIS_EDIT = Permission("diagnosis.edit", roles=LEAD)
