import io
import zipfile
from struct import pack

import openpyxl
from PIL import Image

from .sample import Sample, padded

OPENXML = "application/vnd.openxmlformats-officedocument."
OPENDOCUMENT = "application/vnd.oasis.opendocument."


def zipped(*entries: tuple[str, str], packed: bool = True) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, text in entries:
            method = zipfile.ZIP_STORED if name == "mimetype" else None
            archive.writestr(name, text, compress_type=method)
    return content.getvalue()


def openxml(main: str, folder: str) -> bytes:
    """A package: https://ecma-international.org/publications-and-standards/standards/ecma-376/"""
    types = f'<Types><Override PartName="/{folder}/main.xml" ContentType="{main}"/></Types>'
    return zipped(("[Content_Types].xml", types), ("_rels/.rels", "<Relationships/>"), (f"{folder}/main.xml", "<x/>"))


def opendocument(kind: str) -> bytes:
    return zipped(("mimetype", kind), ("content.xml", "<x/>" * 50), ("META-INF/manifest.xml", "<x/>"))


def workbook() -> bytes:
    content, book = io.BytesIO(), openpyxl.Workbook()
    book.active.append(["name", 1])
    book.save(content)
    return content.getvalue()


def stored(*names: str, class_id: bytes = bytes(16), first: bytes = b"") -> bytes:
    """An OLE storage whose directory has streams: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/"""
    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    header[24:34] = pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header[48:52] = pack("<I", 1)
    directory = b""
    for number, name in enumerate(("Root Entry", *names)):
        text = name.encode("utf-16-le") + b"\0\0"
        entry = text.ljust(64, b"\0") + pack("<HB", len(text), 2 if number else 5) + bytes(13)
        directory += (entry + (bytes(16) if number else class_id)).ljust(128, b"\0")
    return bytes(header) + first.ljust(512, b"\0") + directory.ljust(1024, b"\0")


def pdf() -> bytes:
    content = io.BytesIO()
    Image.new("1", (9, 9)).save(content, "PDF")
    return content.getvalue()


# What the two have that are named in cases/runtime.md: a storage whose directory is beyond the first bytes.
FAR_DIRECTORY = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + bytes.fromhex("fdffffff02000000") + bytes(200)
MSI = bytes.fromhex("84100c00 0000 0000 c000 000000000046")
RTF = rb"{\rtf1\ansi\deff0 {\fonttbl {\f0 Arial;}}\f0\fs24 Hello}"
PS = b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nnewpath 0 0 moveto\nshowpage\n"
WORD, EXCEL, POWERPOINT = "application/vnd.ms-word.", "application/vnd.ms-excel.", "application/vnd.ms-powerpoint."
ZIP = "application/zip"

SAMPLES = (
    Sample("a.pdf", pdf(), "application/pdf application/x-pdf application/acrobat"),
    Sample("late.pdf", bytes(128) + pdf(), "application/pdf"),
    Sample(
        "a.ai",
        pdf(),
        "application/illustrator application/vnd.adobe.illustrator",
        "application/postscript",
        shows="application/pdf",
        named=True,
        right="application/pdf",
    ),
    Sample("old.ai", PS, "application/postscript", "application/illustrator", binary=False),
    Sample("a.ps", PS, "application/postscript application/x-postscript", binary=False),
    Sample(
        "a.eps", PS.replace(b"3.0", b"3.0 EPSF-3.0"), "application/postscript image/x-eps application/eps", binary=False
    ),
    Sample("dos.eps", b"\xc5\xd0\xd3\xc6\x20\0\0\0" + bytes(24) + PS, "application/postscript image/x-eps"),
    Sample("a.rtf", RTF, "application/rtf text/rtf application/x-rtf", binary=False),
    Sample(
        "a.docx",
        openxml(f"{OPENXML}wordprocessingml.document.main+xml", "word"),
        f"{OPENXML}wordprocessingml.document",
        right=ZIP,
    ),
    Sample(
        "a.docm",
        openxml(f"{WORD}document.macroEnabled.main+xml", "word"),
        f"{WORD}document.macroenabled.12",
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample(
        "a.dotx",
        openxml(f"{OPENXML}wordprocessingml.template.main+xml", "word"),
        f"{OPENXML}wordprocessingml.template",
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample(
        "a.dotm",
        openxml(f"{WORD}template.macroEnabledTemplate.main+xml", "word"),
        f"{WORD}template.macroenabled.12",
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample("a.xlsx", workbook(), f"{OPENXML}spreadsheetml.sheet", right=ZIP, shows=f"{OPENXML}spreadsheetml.sheet"),
    Sample("a.xlsm", openxml(f"{EXCEL}sheet.macroEnabled.main+xml", "xl"), f"{EXCEL}sheet.macroenabled.12", right=ZIP),
    Sample(
        "a.xltx",
        openxml(f"{OPENXML}spreadsheetml.template.main+xml", "xl"),
        f"{OPENXML}spreadsheetml.template",
        right=ZIP,
    ),
    Sample(
        "a.xlsb",
        openxml(f"{EXCEL}sheet.binary.macroEnabled.main", "xl"),
        f"{EXCEL}sheet.binary.macroenabled.12",
        right=ZIP,
    ),
    Sample(
        "a.pptx",
        openxml(f"{OPENXML}presentationml.presentation.main+xml", "ppt"),
        f"{OPENXML}presentationml.presentation",
        right=ZIP,
    ),
    Sample(
        "a.potx",
        openxml(f"{OPENXML}presentationml.template.main+xml", "ppt"),
        f"{OPENXML}presentationml.template",
        right=ZIP,
    ),
    Sample(
        "a.ppsx",
        openxml(f"{OPENXML}presentationml.slideshow.main+xml", "ppt"),
        f"{OPENXML}presentationml.slideshow",
        right=ZIP,
    ),
    Sample(
        "a.pptm",
        openxml(f"{POWERPOINT}presentation.macroEnabled.main+xml", "ppt"),
        f"{POWERPOINT}presentation.macroenabled.12",
        right=ZIP,
    ),
    Sample(
        "a.vsdx",
        openxml("application/vnd.ms-visio.drawing.main+xml", "visio"),
        "application/vnd.ms-visio.drawing application/vnd.ms-visio.drawing.main+xml",
        "application/vnd.visio",
        right=ZIP,
    ),
    Sample(
        "a.xps",
        openxml("application/vnd.ms-package.xps-fixeddocument+xml", "Documents"),
        "application/vnd.ms-xpsdocument",
        "application/oxps",
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    *(
        Sample(f"a.{extension}", opendocument(f"{OPENDOCUMENT}{kind}"), f"{OPENDOCUMENT}{kind}", right=f"{ZIP}")
        for extension, kind in (
            *(("odt", "text"), ("ott", "text-template"), ("ods", "spreadsheet"), ("ots", "spreadsheet-template")),
            *(("odp", "presentation"), ("odg", "graphics"), ("odf", "formula"), ("odb", "base")),
        )
    ),
    Sample(
        "a.sxw",
        opendocument("application/vnd.sun.xml.writer"),
        "application/vnd.sun.xml.writer",
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample("a.epub", opendocument("application/epub+zip"), "application/epub+zip application/epub", right=ZIP),
    Sample(
        "a.pages",
        zipped(("Index/Document.iwa", "x"), ("preview.jpg", "x")),
        "application/vnd.apple.pages",
        shows=ZIP,
        named=True,
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample(
        "a.numbers",
        zipped(("Index/Document.iwa", "x"), ("Index/Tables/DataList.iwa", "x")),
        "application/vnd.apple.numbers",
        shows=ZIP,
        named=True,
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample(
        "a.key",
        zipped(("Index/Slide.iwa", "x"), ("preview.jpg", "x")),
        "application/vnd.apple.keynote",
        right=f"{ZIP} {OPENXML}wordprocessingml.document",
    ),
    Sample(
        "a.doc", stored("1Table", "WordDocument"), "application/msword application/vnd.ms-word application/x-msword"
    ),
    Sample("far.doc", FAR_DIRECTORY[:512] + b"\xec\xa5\xc1\0" + bytes(200), "application/msword"),
    Sample("a.xls", stored("Workbook"), "application/vnd.ms-excel application/msexcel application/x-msexcel"),
    Sample("old.xls", b"\x09\x04\x06\0\0\x04\x10\0" + bytes(80), "application/vnd.ms-excel"),
    Sample(
        "a.ppt", stored("PowerPoint Document", "Pictures"), "application/vnd.ms-powerpoint application/mspowerpoint"
    ),
    Sample("a.msg", stored("__nameid_version1.0", "WordDocument"), "application/vnd.ms-outlook"),
    Sample(
        "far.msg",
        FAR_DIRECTORY,
        "application/vnd.ms-outlook",
        "application/x-ole-storage application/vnd.ms-project",
        shows="application/x-ole-storage",
        named=True,
        right=f"{OPENXML}wordprocessingml.document",
    ),
    Sample("a.msi", stored("x", class_id=MSI), "application/x-msi application/x-windows-installer"),
    Sample(
        "far.msi",
        FAR_DIRECTORY,
        "application/x-msi",
        "application/x-msdownload",
        shows="application/x-ole-storage",
        named=True,
        right=f"{OPENXML}wordprocessingml.document",
    ),
    Sample("a.vsd", stored("VisioDocument"), "application/vnd.visio application/vnd.ms-visio application/x-visio"),
    Sample(
        "a.hwp",
        stored("\x05HwpSummaryInformation", "FileHeader"),
        "application/x-hwp application/vnd.haansoft-hwp",
        "application/vnd.hancom.hwp",
    ),
    Sample("a.pub", stored("Quill", "Contents"), "application/x-mspublisher application/vnd.ms-publisher"),
    Sample(
        "locked.docx",
        stored("EncryptionInfo", "EncryptedPackage"),
        f"{OPENXML}wordprocessingml.document",
        shows="application/x-ole-storage",
        named=True,
    ),
    Sample("a.chm", b"ITSF\x03\0\0\0\x60\0\0\0" + bytes(80), "application/vnd.ms-htmlhelp application/x-chm"),
    Sample("a.lit", b"ITOLITLS\x01\0\0\0" + bytes(80), "application/x-ms-reader"),
    Sample("a.mobi", padded(b"BOOKMOBI", 60), "application/x-mobipocket-ebook", "application/vnd.amazon.mobi8-ebook"),
    Sample("a.wpd", b"\xffWPC\x10\0\0\0" + bytes(80), "application/vnd.wordperfect application/wordperfect"),
    Sample(
        "a.indd",
        b"\x06\x06\xed\xf5\xd8\x1d\x46\xe5\xbd\x31\xef\xe7\xfe\x74\xb7\x1d" + bytes(80),
        "application/x-adobe-indesign application/x-indesign",
    ),
    Sample("winmail.dat", b"\x78\x9f\x3e\x22\x01\0" + bytes(80), "application/vnd.ms-tnef application/ms-tnef"),
    Sample(
        "a.one",
        bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(80),
        "application/onenote application/msonenote",
    ),
    Sample("a.wk3", b"\0\0\x1a\0\0\x10\x04\0" + bytes(80), "application/vnd.lotus-1-2-3 application/lotus123"),
    Sample("a.dvi", bytes.fromhex("f702018392c01c3b") + bytes(80), "application/x-dvi"),
    Sample("a.pst", b"!BDN\x01\x02\0\0" + bytes(80), "application/vnd.ms-outlook-pst"),
    Sample(
        "a.mdb",
        b"\0\x01\0\0Standard Jet DB\0" + bytes(80),
        "application/vnd.ms-access application/x-msaccess application/mdb",
    ),
)
