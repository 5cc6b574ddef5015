import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen

from .sample import Sample, padded


def font(*, outlines: str, flavor: str | None = None) -> bytes:
    """A font of one empty glyph: TrueType (`ttf`) or PostScript (`otf`) outlines, in WOFF if wanted."""
    builder = FontBuilder(1000, isTTF=outlines == "ttf")
    builder.setupGlyphOrder([".notdef"])
    builder.setupCharacterMap({})
    if outlines == "ttf":
        builder.setupGlyf({".notdef": TTGlyphPen(None).glyph()})
    else:
        builder.setupCFF("Test", {}, {".notdef": T2CharStringPen(500, None).getCharString()}, {})
    builder.setupHorizontalMetrics({".notdef": (500, 0)})
    builder.setupHorizontalHeader()
    builder.setupNameTable({"familyName": "Test", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.font.flavor = flavor
    content = io.BytesIO()
    builder.save(content)
    return content.getvalue()


TTF = font(outlines="ttf")

SAMPLES = (
    Sample("a.ttf", TTF, "font/ttf application/x-font-ttf application/x-font-truetype", "font/sfnt"),
    Sample("a.otf", font(outlines="otf"), "font/otf application/x-font-otf application/vnd.ms-opentype", "font/sfnt"),
    Sample("a.woff", font(outlines="ttf", flavor="woff"), "font/woff application/font-woff application/x-font-woff"),
    Sample("a.woff2", b"wOF2\0\x01\0\0" + bytes(80), "font/woff2 application/font-woff2 application/x-font-woff2"),
    Sample("a.ttc", b"ttcf\0\x01\0\0" + bytes(80), "font/collection application/x-font-ttc", "font/sfnt"),
    Sample("mac.ttf", b"true\0\x0c" + bytes(80), "font/ttf application/x-font-ttf"),
    Sample("a.eot", padded(b"\x01\0\x02\0" + bytes(22) + b"LP", 8), "application/vnd.ms-fontobject"),
    Sample("a.pfb", b"\x80\x01\x40\0\0\0%!PS-AdobeFont-1.0: Test\n" + bytes(80), "application/x-font-type1"),
    Sample("a.pcf", b"\x01fcp\x08\0\0\0" + bytes(80), "application/x-font-pcf"),
    Sample("a.bdf", b"STARTFONT 2.1\nFONT test\nENDFONT\n", "application/x-font-bdf", "text/plain", binary=False),
)
