import gzip
import io
from struct import pack

from PIL import Image

from .sample import Sample, padded

PICTURE = Image.radial_gradient("L").resize((32, 32)).convert("RGB")


def saved(kind: str, mode: str = "RGB", **options: object) -> bytes:
    content = io.BytesIO()
    PICTURE.convert(mode).save(content, kind, **options)
    return content.getvalue()


def boxed(major: bytes, *compatible: bytes) -> bytes:
    """The start of an ISO media file: https://mp4ra.org/registered-types/brands"""
    brands = major + bytes(4) + b"".join(compatible)
    return pack(">I", 8 + len(brands)) + b"ftyp" + brands + pack(">I", 100) + b"meta" + bytes(200)


def tiff(*tags: int, after: bytes = b"") -> bytes:
    """A TIFF whose first directory has tags: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf"""
    entries = b"".join(pack("<HHII", tag, 1, 1, 1) for tag in tags)
    return b"II*\0" + pack("<I", 8 + len(after)) + after + pack("<H", len(tags)) + entries + bytes(64)


def jpeg_2000(brand: bytes) -> bytes:
    return b"\0\0\0\x0cjP  \r\n\x87\n" + pack(">I", 20) + b"ftyp" + brand + bytes(4) + brand + bytes(60)


SVG = (
    b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>\n'
)
DXF = b"  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n  1\nAC1015\n  0\nENDSEC\n  0\nEOF\n"

SAMPLES = (
    Sample("a.png", saved("PNG"), "image/png image/x-png IMAGE/PNG application/png", "image/apng"),
    Sample("a.jpg", saved("JPEG"), "image/jpeg image/jpg image/pjpeg", "image/mpo"),
    Sample("a.gif", saved("GIF", "P"), "image/gif"),
    Sample("a.bmp", saved("BMP"), "image/bmp image/x-ms-bmp image/x-bmp"),
    Sample("a.tif", saved("TIFF"), "image/tiff image/tif image/x-tiff"),
    Sample("a.webp", saved("WEBP"), "image/webp"),
    Sample(
        "a.ico", saved("ICO", sizes=[(16, 16)]), "image/vnd.microsoft.icon image/x-icon image/ico", "image/x-win-bitmap"
    ),
    Sample("a.tga", saved("TGA"), "image/x-tga image/tga image/x-targa"),
    Sample("a.pcx", saved("PCX"), "image/vnd.zbrush.pcx image/x-pcx"),
    Sample("a.ppm", saved("PPM"), "image/x-portable-pixmap", "image/x-portable-anymap"),
    Sample("a.pgm", saved("PPM", "L"), "image/x-portable-graymap", "image/x-portable-anymap"),
    Sample("a.pbm", saved("PPM", "1"), "image/x-portable-bitmap", "image/x-portable-anymap"),
    Sample("text.ppm", b"P3\n# made by hand\n2 1\n255\n255 0 0  0 255 0\n", "image/x-portable-pixmap", binary=False),
    Sample("a.sgi", saved("SGI"), "image/x-sgi"),
    Sample("a.dds", saved("DDS"), "image/vnd-ms.dds"),
    Sample("a.jp2", saved("JPEG2000"), "image/jp2 image/jpeg2000 image/x-jp2", "image/jpx"),
    Sample("a.jpx", jpeg_2000(b"jpx "), "image/jpx", "image/jp2"),
    Sample("a.jpm", jpeg_2000(b"jpm "), "image/jpm video/jpm"),
    Sample("a.j2c", b"\xff\x4f\xff\x51\0\x2f" + bytes(80), "image/x-jp2-codestream"),
    Sample("a.jls", b"\xff\xd8\xff\xf7\0\x0b\x08" + bytes(80), "image/jls", right="image/jpeg"),
    Sample("a.jxr", b"II\xbc\x01" + bytes(80), "image/jxr image/vnd.ms-photo"),
    Sample("a.jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(80), "image/jxl"),
    Sample("bare.jxl", b"\xff\x0a\xfa\x1f\x01\x90" + bytes(80), "image/jxl"),
    Sample("a.heic", boxed(b"heic", b"mif1", b"heic"), "image/heic", "image/heif"),
    Sample("x.heic", boxed(b"heix", b"mif1"), "image/heic", "image/heif"),
    Sample("a.heif", boxed(b"mif1", b"mif1", b"heic"), "image/heif", "image/heic"),
    Sample("burst.heics", boxed(b"msf1", b"hevc"), "image/heif-sequence", "image/heif image/heic-sequence image/heic"),
    Sample("a.avif", boxed(b"avif", b"mif1"), "image/avif", "image/heif"),
    Sample("moving.avif", boxed(b"avis", b"msf1"), "image/avif"),
    Sample("still.avif", boxed(b"mif1", b"avif"), "image/avif"),
    Sample("a.cr3", boxed(b"crx ", b"isom"), "image/x-canon-cr3"),
    Sample("a.dng", tiff(254, 50706), "image/x-adobe-dng image/x-raw-adobe", "image/tiff image/x-dcraw"),
    Sample("a.cr2", tiff(256, after=b"CR\x02\0"), "image/x-canon-cr2", "image/tiff"),
    Sample("a.nef", tiff(254, 271), "image/x-nikon-nef", shows="image/tiff", named=True),
    Sample("a.arw", tiff(254, 330), "image/x-sony-arw", shows="image/tiff", named=True),
    Sample("a.pef", tiff(256), "image/x-pentax-pef", shows="image/tiff", named=True),
    Sample("big.tif", b"II+\0\x08\0\0\0" + bytes(80), "image/tiff"),
    Sample("a.orf", b"IIRO\x08\0\0\0" + bytes(80), "image/x-olympus-orf image/x-raw-olympus"),
    Sample("a.rw2", b"IIU\0\x18\0\0\0" + bytes(80), "image/x-panasonic-rw2 image/x-raw-panasonic"),
    Sample("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(80), "image/x-fuji-raf image/x-raw-fuji"),
    Sample("a.crw", b"II\x1a\0\0\0HEAPCCDR" + bytes(80), "image/x-canon-crw"),
    Sample("a.x3f", b"FOVb\0\0\x02\0" + bytes(80), "image/x-sigma-x3f"),
    Sample("a.mrw", b"\0MRM" + bytes(80), "image/x-minolta-mrw"),
    Sample("a.psd", b"8BPS\0\x01" + bytes(80), "image/vnd.adobe.photoshop image/x-psd application/x-photoshop"),
    Sample("a.xcf", b"gimp xcf v011\0" + bytes(80), "image/x-xcf image/xcf"),
    Sample("a.exr", b"v/1\x01\x02\0\0\0" + bytes(80), "image/x-exr", "image/aces"),
    Sample("a.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n" + bytes(8), "image/vnd.radiance image/x-hdr"),
    Sample("a.dpx", b"SDPX\0\0\x20\0V1.0\0" + bytes(80), "image/dpx image/x-dpx"),
    Sample("a.ras", b"\x59\xa6\x6a\x95" + bytes(80), "image/x-sun-raster"),
    Sample("a.ktx", b"\xabKTX 11\xbb\r\n\x1a\n" + bytes(80), "image/ktx"),
    Sample("a.ktx2", b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80), "image/ktx2"),
    Sample("a.astc", b"\x13\xab\xa1\x5c\x04\x04\x01" + bytes(80), "image/astc"),
    Sample("a.bpg", b"BPG\xfb\0\0" + bytes(80), "image/bpg image/x-bpg"),
    Sample("a.flif", b"FLIF\x31\x31\0" + bytes(80), "image/flif"),
    Sample("a.qoi", b"qoif" + pack(">II", 32, 32) + b"\x03\0" + bytes(80), "image/qoi"),
    Sample("a.ff", b"farbfeld" + pack(">II", 1, 1) + bytes(8), "image/x-farbfeld"),
    Sample("a.emf", padded(b" EMF\0\0\x01\0", 40), "image/emf image/x-emf application/emf", "image/wmf"),
    Sample("a.wmf", b"\xd7\xcd\xc6\x9a\0\0" + bytes(80), "image/wmf application/x-msmetafile image/x-wmf"),
    Sample("a.djvu", b"AT&TFORM\0\0\0\x40DJVUINFO" + bytes(80), "image/vnd.djvu image/x-djvu image/vnd.djvu+multipage"),
    Sample("a.dwg", b"AC1027\0\0\0\0\0" + bytes(80), "image/vnd.dwg application/acad image/x-dwg"),
    Sample("a.icns", saved("ICNS"), "image/x-icns image/icns"),
    Sample("a.mng", b"\x8aMNG\r\n\x1a\n" + bytes(80), "video/x-mng"),
    Sample("a.jng", b"\x8bJNG\r\n\x1a\n" + bytes(80), "image/x-jng"),
    Sample("a.ilbm", b"FORM\0\0\x01\0ILBMBMHD" + bytes(80), "image/x-ilbm image/x-iff"),
    Sample("a.psp", b"Paint Shop Pro Image File\n\x1a\0\0" + bytes(80), "image/x-paintshoppro"),
    Sample(
        "a.fits",
        b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800),
        "image/fits application/fits",
        binary=False,
    ),
    Sample("a.dcm", padded(b"DICM\x02\0\0\0UL", 128), "application/dicom"),
    Sample("a.nii", padded(b"n+1\0", 344), "image/nii"),
    Sample("a.svg", SVG, "image/svg+xml image/svg", "text/plain", binary=False),
    Sample("bare.svg", SVG.split(b"\n", 1)[1], "image/svg+xml", binary=False),
    Sample("a.svgz", gzip.compress(SVG), "image/svg+xml", "application/gzip", shows="application/gzip"),
    Sample("binary.dxf", b"AutoCAD Binary DXF\r\n\x1a\0" + bytes(80), "image/vnd.dxf image/x-dxf"),
    Sample("commented.dxf", b"  999\nmade by hand\n" + DXF, "image/vnd.dxf", "text/plain", binary=False),
    Sample("a.dxf", DXF, "image/vnd.dxf application/dxf image/x-dxf", "text/plain", binary=False),
    Sample(
        "a.xpm",
        b'/* XPM */\nstatic char *a[] = {\n"1 1 1 1",\n". c #000",\n"."};\n',
        "image/x-xpixmap image/x-xpm",
        "text/plain",
        binary=False,
    ),
    Sample("a.xbm", saved("XBM", "1"), "image/x-xbitmap image/x-xbm", "text/plain", binary=False),
)
