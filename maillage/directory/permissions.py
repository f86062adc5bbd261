"""What one may do with the directory of its territory."""

from maillage.accounts.permissions import READERS, Permission

DIRECTORY_VIEW = Permission("directory.view", roles=READERS)
