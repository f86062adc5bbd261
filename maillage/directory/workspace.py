"""What the directory writes."""

from maillage.directory.acts import Act
from maillage.directory.letters import samples
from maillage.directory.permissions import DIRECTORY_VIEW

ACTS = Act
PERMISSIONS = (DIRECTORY_VIEW,)
LETTERS = samples
