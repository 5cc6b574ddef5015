"""The type of a markup text, by its root element."""

import re

XML = "application/xml"
HTML = "text/html"
XHTML = "application/xhtml+xml"

# By the name of the root element: https://www.iana.org/assignments/media-types/
ROOTS = {
    "svg": "image/svg+xml",
    "html": XHTML,
    "rss": "application/rss+xml",
    "feed": "application/atom+xml",
    "RDF": "application/rdf+xml",
    "kml": "application/vnd.google-earth.kml+xml",
    "gpx": "application/gpx+xml",
    "math": "application/mathml+xml",
    "stylesheet": "application/xslt+xml",
    "transform": "application/xslt+xml",
    "COLLADA": "model/vnd.collada+xml",
    "X3D": "model/x3d+xml",
    "smil": "application/smil+xml",
    "xliff": "application/xliff+xml",
    "FictionBook": "application/x-fictionbook+xml",
    "playlist": "application/xspf+xml",
    "tt": "application/ttml+xml",
    "plist": "application/x-plist",
    "MPD": "application/dash+xml",
    "mxfile": "application/vnd.jgraph.mxfile",
    "asx": "application/x-ms-asx",
    "ASX": "application/x-ms-asx",
    "jnlp": "application/x-java-jnlp-file",
    "score-partwise": "application/vnd.recordare.musicxml+xml",
    "opml": "text/x-opml",
    "package": "application/oebps-package+xml",
    "ncx": "application/x-dtbncx+xml",
    "wsdl": "application/wsdl+xml",
    "definitions": "application/wsdl+xml",
    "osm": "application/vnd.openstreetmap.data+xml",
    "TEI": "application/tei+xml",
}
NAMESPACED = {
    ("playlist", "http://xspf.org/"),
    ("feed", "http://www.w3.org/2005/Atom"),
    ("definitions", "http://schemas.xmlsoap.org/wsdl/"),
    ("stylesheet", "http://www.w3.org/1999/XSL/Transform"),
    ("transform", "http://www.w3.org/1999/XSL/Transform"),
    ("package", "http://www.idpf.org/"),
}
FLAT_DOCUMENT = r'office:mimetype="application/vnd\.oasis\.opendocument\.([a-z]+)"'
ROOT = r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)([^>]*)"
HTML_BEGIN = (
    r"(?is)\s*(?:<!--.*?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|script|title|style|meta|link|table|iframe|h[1-6]|div|span|p|a|b|i|br|hr|font"
    r"|center|pre|img|ul|ol|form|input|button|section|article|header|footer|main|nav|template)\b"
)


def kind(text: str) -> str | None:
    """The type of a text that begins with `<`; None if it is not markup."""
    stripped = text.lstrip()
    root = re.match(ROOT, _after_prolog(stripped))
    declared = stripped.startswith("<?xml")
    if 'progid="Word.Document"' in stripped[:1024]:
        return "application/vnd.ms-wordml"
    if 'progid="Excel.Sheet"' in stripped[:1024]:
        return "application/vnd.ms-spreadsheetml"
    if found := re.search(FLAT_DOCUMENT, stripped):
        return f"application/vnd.oasis.opendocument.{found[1]}-flat-xml"
    if root and (declared or root[1] in ROOTS) and root[1].lower() != "html":
        name = ROOTS.get(root[1])
        space = next((uri for local, uri in NAMESPACED if local == root[1]), None)
        if name and (space is None or space in root[2]):
            return name
        if declared:
            return XML
    if root and root[1] == "html" and (declared or "http://www.w3.org/1999/xhtml" in root[2]):
        return XHTML
    if "<?php" in stripped:
        return "application/x-php"
    if re.match(HTML_BEGIN, stripped):
        return HTML
    if stripped.startswith(("<MakerFile ", "<MIFFile ")):
        return "application/vnd.framemaker"
    if declared or stripped.startswith(("<!DOCTYPE", "<!ELEMENT")):
        return XML if declared or root else "application/xml-dtd"
    return XML if root and (f"</{root[1]}>" in stripped or "xmlns" in root[2]) else None


def _after_prolog(text: str) -> str:
    """The text from the root element on, without declarations, comments and document type."""
    while True:
        text = text.lstrip()
        if text.startswith("<?"):
            _, found, rest = text.partition("?>")
        elif text.startswith("<!--"):
            _, found, rest = text.partition("-->")
        elif text.startswith("<!DOCTYPE"):
            head, _, subset = text.partition(">")
            _, found, rest = (head, ">", subset) if "[" not in head else text.partition("]>")
        else:
            return text
        if not found:
            return ""
        text = rest
