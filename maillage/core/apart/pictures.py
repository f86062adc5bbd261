"""Photographs that people join, opened and written again: what a telephone notes beside the picture, where it was
taken first of all, does not enter. Runs apart.
"""

import base64
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from maillage.core.errors import UnreadableFile

LONGEST_SIDE = 3_000  # pixels: a page photographed is read at less
MOST_PIXELS = 60_000_000
SORTS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png"}


def clean_picture(content: bytes) -> dict[str, str]:
    """{"kind": "jpeg" or "png", "content": base64}. Raises UnreadableFile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.MAX_IMAGE_PIXELS = MOST_PIXELS
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as opened:
                kind = SORTS[opened.format or ""]
                picture = ImageOps.exif_transpose(opened)
                picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                return {"kind": kind, "content": base64.b64encode(_written(picture, kind)).decode()}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableFile("Cette image est trop grande : reprenez la photo dans une taille plus petite.") from error
    except (UnidentifiedImageError, OSError, ValueError, KeyError, SyntaxError) as error:
        raise UnreadableFile("Cette image est abîmée : enregistrez-la de nouveau, puis recommencez.") from error


def _written(picture: Image.Image, kind: str) -> bytes:
    """The pixels alone."""
    output = io.BytesIO()
    if kind == "png":
        bare = picture.convert("RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB")
        bare.info = {}
        bare.save(output, "PNG", optimize=False)
    else:
        bare = picture.convert("RGB")
        bare.info = {}
        bare.save(output, "JPEG", quality=85)
    return output.getvalue()
