"""QR codes drawn in the page, without a request of their own."""

import re

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.image.svg import SvgPathImage

PATH = re.compile(r'viewBox="([^"]+)".*?<path d="([^"]+)"', re.DOTALL)


def qr_svg(text: str, label: str) -> SafeString:
    """An SVG that says `text` to a telephone and `label` to a screen reader."""
    drawn = qrcode.make(text, image_factory=SvgPathImage, box_size=10, border=2).to_string(encoding="unicode")
    found = PATH.search(drawn)
    assert found
    return format_html(
        '<svg class="qr" viewBox="{}" role="img" aria-label="{}"><path d="{}"/></svg>', found[1], label, found[2]
    )
