"""What one may do with what it wrote to people."""

from maillage.accounts.permissions import TEAM, Permission

MESSAGE_LIST = Permission("message.list", roles=TEAM, is_strong=True)
