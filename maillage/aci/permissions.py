"""What one may do with its contract."""

from maillage.accounts.permissions import BOARD, INSTITUTIONS, Permission

ACI_VIEW = Permission("aci.view", roles=BOARD | INSTITUTIONS, is_strong=True)
