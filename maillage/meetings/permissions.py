"""What one may do with its meetings."""

from maillage.accounts.permissions import ANY_MEMBER, TEAM, Permission

MEETING_LIST = Permission("meeting.list", roles=ANY_MEMBER)
MEETING_MANAGE = Permission("meeting.manage", roles=TEAM, is_strong=True)
