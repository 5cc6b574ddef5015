import io
import random

import pytest
from PIL import Image
from resize.thumbnails import NotAPicture, make

from tests.pictures import BAD, picture


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_thumbnail_keeps_the_pictures_proportions(format_: str) -> None:
    made = make(picture((800, 600), format_))
    assert (made.format, made.width, made.height) == (format_, 800, 600)
    assert (opened(made.content).format, opened(made.content).size) == ("WEBP", (256, 192))


def test_a_small_picture_is_not_enlarged() -> None:
    assert opened(make(picture((40, 30))).content).size == (40, 30)


def test_the_same_bytes_make_the_same_thumbnail() -> None:
    assert make(picture()) == make(picture())


@pytest.mark.parametrize(
    ("format_", "mode"),
    [("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "1"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "RGBA"), ("PNG", "I;16")],
)
def test_a_picture_of_any_colours_has_a_thumbnail(format_: str, mode: str) -> None:
    assert opened(make(picture(format_=format_, mode=mode)).content).size == (256, 192)


def test_a_picture_of_16_bits_keeps_its_brightness() -> None:
    out = io.BytesIO()
    Image.new("I;16", (10, 10), 0x8000).save(out, "PNG")
    pixel = opened(make(out.getvalue()).content).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert 125 <= pixel[0] <= 131


def test_a_thumbnail_is_upright_where_the_camera_was_not() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    assert opened(make(picture((800, 600), exif=exif)).content).size == (192, 256)


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_a_picture_is_refused_with_the_reason(name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(NotAPicture) as refused:
        make(content)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_damaged_picture_has_a_thumbnail_or_is_refused_and_nothing_else(format_: str) -> None:
    whole, chance = picture((120, 90), format_), random.Random(format_)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            make(bytes(damaged[: chance.randint(1, len(damaged))]))
        except NotAPicture:
            pass
