"""What this app declares of itself."""

from maillage.geography.acts import Act

ACTS = Act
