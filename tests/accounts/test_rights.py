"""Who may do what, written by hand: a right that is given or taken by mistake is seen here."""

import pytest

from maillage.accounts.models import Role
from maillage.accounts.permissions import every_permission, permissions_of

# One line a permission, one column a role, in the order below.
ROLES = [
    Role.COORDINATOR,
    Role.PRESIDENT,
    Role.TREASURER,
    Role.SECRETARY,
    Role.MEMBER,
    Role.MEDICAL_ASSISTANT,
    Role.REGULATOR,
    Role.ARS_INSTRUCTOR,
    Role.CPAM_INSTRUCTOR,
    Role.GUICHET_AGENT,
    Role.INSTANCE_ADMIN,
]
RIGHTS = """
                      coord  pres   treas  secr   memb   assis  regul  ars    cpam   guich  admin
home.view             yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    .
territory.view        yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    .
territory.draft.view  yes    yes    yes    yes    .      .      .      .      .      yes    .
territory.edit        yes    yes    .      .      .      .      .      .      .      .      .
aci.view              yes    yes    yes    yes    .      .      .      yes    yes    yes    .
member.list           yes    yes    yes    yes    yes    yes    .      .      .      .      .
member.manage         yes    yes    .      yes    .      .      .      .      .      .      .
directory.view        yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    .
diagnosis.view        yes    yes    yes    yes    yes    yes    yes    yes    yes    yes    .
diagnosis.edit        yes    yes    .      .      .      .      .      .      .      .      .
message.list          yes    yes    .      yes    .      .      .      .      .      .      .
meeting.list          yes    yes    yes    yes    yes    yes    .      .      .      .      .
meeting.manage        yes    yes    .      yes    .      .      .      .      .      .      .
slot.publish          yes    yes    yes    yes    yes    yes    .      .      .      .      .
slot.book             yes    yes    yes    yes    yes    yes    .      .      .      .      .
care.manage           yes    yes    .      yes    .      .      .      .      .      .      .
patient.desk          yes    .      .      .      .      yes    .      .      .      .      .
team.manage           yes    yes    .      .      .      .      .      .      .      .      .
audit.view            yes    yes    .      .      .      .      .      .      .      .      .
instance.manage       .      .      .      .      .      .      .      .      .      .      yes
"""
LINES = {line.split()[0]: line.split()[1:] for line in RIGHTS.strip().splitlines()[1:]}


def test_the_table_names_every_role_and_every_permission():
    assert set(ROLES) == set(Role)
    assert set(LINES) == every_permission()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_the_rights_written_here_and_no_other(role):
    column = ROLES.index(role)
    expected = {permission for permission, cells in LINES.items() if cells[column] == "yes"}
    assert permissions_of(role) == expected
