"""Makes a thumbnail of a picture's bytes. No AWS calls."""

import io
import struct
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # no other formats: each parser processes untrusted files
LONGEST_SIDE = 256
LARGEST_FILE = 20 * 1024 * 1024  # bytes
# A small file can be a picture of gigabytes ("decompression bomb").
MOST_PIXELS = 40_000_000
TOO_MANY_PIXELS = f"it has more than {MOST_PIXELS} pixels"
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # such a picture is refused below
# Pillow raises these for pictures that are damaged.
DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)


class NotAPicture(Exception):
    """The file cannot become a thumbnail, and a retry would not help; the message says why."""


@dataclass(frozen=True)
class Thumbnail:
    content: bytes  # WebP
    format: str  # of the picture, with its width and height
    width: int
    height: int


def make(content: bytes) -> Thumbnail:
    """The thumbnail of a picture; the same for the same bytes. Raises `NotAPicture`."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NotAPicture(TOO_MANY_PIXELS)
            size = picture.width, picture.height
            small = _small(picture)
            out = io.BytesIO()
            small.save(out, "WEBP", quality=80)
            return Thumbnail(out.getvalue(), str(picture.format), *size)
    except UnidentifiedImageError as error:
        raise NotAPicture(f"it is no picture in one of the formats {', '.join(FORMATS)}") from error
    except Image.DecompressionBombError as error:
        raise NotAPicture(TOO_MANY_PIXELS) from error
    except DAMAGED as error:
        raise NotAPicture("it is damaged, or cut off") from error


def _small(picture: Image.Image) -> Image.Image:
    """The picture's first frame, upright, in colours that WebP has."""
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at a fraction of its size
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):  # 16 bits or more for each pixel
        upright = upright.convert("I").point(lambda value: value / 256).convert("L")
    upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return upright
