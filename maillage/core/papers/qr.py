"""QR codes drawn in the page, without a request of their own."""

import re

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.image.svg import SvgPathImage

PATH = re.compile(r'viewBox="([^"]+)".*?<path d="([^"]+)"', re.DOTALL)


def qr_svg(text: str, label: str) -> SafeString:
    """An SVG that says `text` to a telephone and `label` to a screen reader."""
    box, path = _drawn(text)
    return format_html('<svg class="qr" viewBox="{}" role="img" aria-label="{}"><path d="{}"/></svg>', box, label, path)


def qr_file(text: str) -> str:
    """The same as a whole SVG file, for printed documents."""
    box, path = _drawn(text)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><path d="{path}"/></svg>'


def _drawn(text: str) -> tuple[str, str]:
    """The box and the path of a code."""
    drawn = qrcode.make(text, image_factory=SvgPathImage, box_size=10, border=2).to_string(encoding="unicode")
    match = PATH.search(drawn)
    assert match
    return match[1], match[2]
