"""The picture of a run as PNG, drawn with Pillow, which the extra `pictures` installs."""

import io

from sluice_cli.errors import InputError

from .chart import WIDTH, Polyline, height_of, shapes_of
from .simulation import SimulatedLoad

EXTRA = "sluice-cdktf[pictures]"
SCALE = 2
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def check_pillow() -> None:
    """Raises `InputError` if Pillow is not installed."""
    try:
        import PIL  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            f'--picture: PNG needs Pillow, which is missing: run `pip install "{EXTRA}"`, or draw .svg'
        ) from error


def draw_png(result: SimulatedLoad) -> bytes:
    """The picture as PNG, at twice its size. Raises `InputError` if Pillow is not installed."""
    check_pillow()
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH * SCALE, height_of(result) * SCALE), "#ffffff")
    canvas = ImageDraw.Draw(image)
    fonts = {size: ImageFont.load_default(size * SCALE) for size in (11, 12, 16)}
    for shape in shapes_of(result):
        if isinstance(shape, Polyline):
            points = [(x * SCALE, y * SCALE) for x, y in shape.points]
            canvas.line(points, fill=shape.colour, width=max(1, round(shape.width * SCALE)), joint="curve")
        else:
            place = (shape.x * SCALE, shape.y * SCALE)
            canvas.text(place, shape.text, fill=shape.colour, font=fonts[shape.size], anchor=ANCHORS[shape.anchor])
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
