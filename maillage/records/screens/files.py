"""Files that people join, as fields of forms and as answers."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from maillage.records.actions.attaching import LARGEST, path_of
from maillage.records.models import Attachment
from maillage.records.rules.kinds import ANY, PDF_ONLY, SORTS, Kind, accepted, file_name

SANDBOX = "default-src 'none'; sandbox"  # what a browser may do with the file, should it open it


class DocumentField(forms.FileField):
    """A file of one of these sorts; what it really is, the action reads (records.actions.attaching)."""

    def __init__(self, *, kinds: frozenset[Kind] = ANY, **kwargs: Any) -> None:
        self.kinds = kinds
        what = "PDF" if kinds == PDF_ONLY else "PDF, photo ou document bureautique"
        kwargs.setdefault("help_text", f"{what}, {LARGEST // 2**20} Mo au plus.")
        super().__init__(allow_empty_file=True, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"accept": accepted(self.kinds)}


def content_of(sent: "UploadedFile[Any] | None") -> bytes | None:
    """As much as may be kept, and a byte more, which is refused; None when nothing was joined."""
    return sent.read(LARGEST + 1) if sent else None


def attachment_response(attachment: Attachment | None) -> HttpResponse:
    """The file, to be saved; whoever asks was checked before. Raises Http404 when there is none."""
    if attachment is None or not path_of(attachment.sha256).is_file():
        raise Http404
    sort = SORTS[attachment.sort]
    name = content_disposition_header(as_attachment=True, filename=file_name(attachment.name, attachment.sort))
    headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": SANDBOX}
    return HttpResponse(path_of(attachment.sha256).read_bytes(), content_type=sort.media_type, headers=headers)
