"""What one may do with its members; managing them is declared by accounts."""

from maillage.accounts.permissions import ANY_MEMBER, Permission

MEMBER_LIST = Permission("member.list", roles=ANY_MEMBER)
