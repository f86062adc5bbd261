"""What is kept: files joined, contents frozen, texts being typed."""

from maillage.records.models.attachment import Attachment, AttachmentQuerySet
from maillage.records.models.draft import Draft, DraftQuerySet
from maillage.records.models.snapshot import Snapshot, SnapshotQuerySet

__all__ = ["Attachment", "AttachmentQuerySet", "Draft", "DraftQuerySet", "Snapshot", "SnapshotQuerySet"]
