"""Loading the national files: staged beside the directory, moved in one transaction, written as a difference."""

from maillage.directory.actions.establishments import import_establishments
from maillage.directory.actions.folder import directory_files, import_file
from maillage.directory.actions.mailboxes import import_mailboxes
from maillage.directory.actions.register import import_register

__all__ = ["directory_files", "import_establishments", "import_file", "import_mailboxes", "import_register"]
