"""Pages of the diagnosis."""

from maillage.accounts.menus import Entry, Section
from maillage.territorial_diagnosis.acts import Act
from maillage.territorial_diagnosis.facts import facts_of
from maillage.territorial_diagnosis.permissions import DIAGNOSIS_EDIT, DIAGNOSIS_VIEW

ACTS = Act
PERMISSIONS = (
    DIAGNOSIS_VIEW,
    DIAGNOSIS_EDIT,
)
ENTRIES = (Entry("Diagnostic", "diagnosis:overview", DIAGNOSIS_VIEW, rank=80, section=Section.MAIN),)
FACTS = facts_of
