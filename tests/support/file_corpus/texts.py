import json

from .sample import Sample


def text(name: str, content: str, types: str, others: str = "", *, shows: str = "", named: bool = False) -> Sample:
    """A text; `text/plain` is right for all."""
    return Sample(name, content.encode(), types, f"text/plain {others}".strip(), shows, named, binary=False)


PLAIN = "text/plain"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
PROSE = "Dear Ann, thank you for your letter.\nWe came home late, and it rained.\n"
MESSAGE = "From: a@example.com\nTo: b@example.com\nSubject: Hello\nMIME-Version: 1.0\n\nHello\n"
ROWS = [{"id": number, "name": f"thing {number}"} for number in range(400)]
GEO = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}],
}
NOTEBOOK = {"cells": [{"cell_type": "code"}], "nbformat": 4, "nbformat_minor": 5}

SAMPLES = (
    Sample("a.txt", PROSE.encode(), PLAIN, binary=False),
    Sample("latin.txt", "Größe\n".encode("latin-1"), PLAIN, binary=False),
    Sample("wide.txt", "Größe\n".encode("utf-16"), PLAIN, binary=False),
    Sample("bare.txt", "Wide text without a mark\n".encode("utf-16-le"), PLAIN, binary=False),
    Sample("colors.txt", b"\x1b[31mred\x1b[0m and \x08bold\n", PLAIN, binary=False),
    Sample("mainframe.txt", "A letter, in short lines,\x85with blanks.\x85".encode("cp500"), PLAIN, binary=False),
    # Fields with control characters between: not certain to be a text, nor to be none.
    Sample(
        "a.fix",
        b"8=FIX.4.2\x019=178\x0135=8\x0149=PHLX\x0156=PERS\x01",
        PLAIN,
        shows="application/octet-stream",
        binary=False,
    ),
    text("a.html", "<!DOCTYPE html>\n<title>x</title><p>Hello", "text/html"),
    text("old.html", "<HTML><HEAD><TITLE>x</TITLE></HEAD></HTML>", "text/html"),
    text("part.html", "<!-- a part -->\n<div class='x'>Hello</div>", "text/html"),
    text(
        "a.xhtml",
        f'{XML}<html xmlns="http://www.w3.org/1999/xhtml"><head/></html>',
        "application/xhtml+xml",
        "text/html",
    ),
    text("a.xml", f"{XML}<things><thing/></things>", "application/xml text/xml"),
    text(
        "doctype.xml", '<!DOCTYPE things [<!ELEMENT things ANY>]>\n<things xmlns="urn:x"/>', "application/xml text/xml"
    ),
    text("a.rss", f'{XML}<rss version="2.0"><channel/></rss>', "application/rss+xml", "application/xml"),
    text("a.atom", f'{XML}<feed xmlns="http://www.w3.org/2005/Atom"/>', "application/atom+xml", "application/xml"),
    text("a.rdf", f'{XML}<rdf:RDF xmlns:rdf="x"/>', "application/rdf+xml"),
    text("a.kml", f"{XML}<kml><Document/></kml>", "application/vnd.google-earth.kml+xml", "application/xml"),
    text("a.gpx", f"{XML}<gpx version='1.1'/>", "application/gpx+xml application/x-gpx+xml"),
    text("a.xslt", f'{XML}<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>', "application/xslt+xml"),
    text("a.dae", f"{XML}<COLLADA/>", "model/vnd.collada+xml"),
    text("a.ttml", f'{XML}<tt xmlns="http://www.w3.org/ns/ttml"/>', "application/ttml+xml"),
    text("a.mml", f"{XML}<math/>", "application/mathml+xml text/mathml"),
    text("a.asx", '<asx version="3.0"><entry/></asx>', "application/x-ms-asx video/x-ms-wvx", "application/vnd.ms-asf"),
    text(
        "wordml.doc",
        f'{XML}<?mso-application progid="Word.Document"?><w:wordDocument xmlns:w="x"/>',
        "application/vnd.ms-wordml",
        "application/msword application/xml",
    ),
    text(
        "sheet.xls",
        f'{XML}<?mso-application progid="Excel.Sheet"?><Workbook/>',
        "application/vnd.ms-spreadsheetml",
        "application/vnd.ms-excel application/xml",
    ),
    text(
        "a.fodt",
        f'{XML}<office:document office:mimetype="application/vnd.oasis.opendocument.text"/>',
        "application/vnd.oasis.opendocument.text-flat-xml",
        "application/xml",
    ),
    text(
        "a.json",
        '{"name": "x", "values": [1, 2.5, true, null]}\n',
        "application/json text/json application/x-json",
        "application/vnd.api+json",
    ),
    text("long.json", json.dumps(ROWS)[:8192], "application/json"),
    text("array.json", "[1, 2, 3]", "application/json"),
    text(
        "a.jsonl",
        "".join(f"{json.dumps(row)}\n" for row in ROWS)[:8192],
        "application/jsonl application/x-ndjson",
        "application/json",
    ),
    text("a.geojson", json.dumps(GEO), "application/geo+json application/vnd.geo+json", "application/json"),
    text(
        "a.jsonld", '{"@context": "https://schema.org", "@type": "Person"}', "application/ld+json", "application/json"
    ),
    text("a.ipynb", json.dumps(NOTEBOOK), "application/x-ipynb+json", "application/json"),
    text("a.gltf", '{"asset": {"version": "2.0"}, "scenes": []}', "model/gltf+json", "application/json"),
    text("a.csv", "id,name,value\n1,a,2.5\n2,b,3\n", "text/csv application/csv text/x-csv text/comma-separated-values"),
    text("quoted.csv", 'id,"name, full",value\n1,"a, b",2.5\n2,"c\nd",3\n', "text/csv"),
    text("semi.csv", "id;name;value\n1;a;2,5\n2;b;3,1\n", "text/csv"),
    text("a.tsv", "id\tname\tvalue\n1\ta\t2.5\n2\tb\t3\n", "text/tab-separated-values"),
    text("one.csv", "just one line, no table\n", "text/csv", shows=PLAIN, named=True),
    text(
        "a.md",
        "# Title\n\nSome *text* with a [link](https://example.com).\n\n- one\n- two\n",
        "text/markdown text/x-markdown text/x-web-markdown",
    ),
    text("plain.md", "Nothing but words\n", "text/markdown", shows=PLAIN, named=True),
    text("a.rst", "Title\n=====\n\n.. note:: this\n\n``code`` and `link`_\n", "text/prs.fallenstein.rst text/x-rst"),
    text("a.yaml", "---\nname: x\nvalues:\n  - 1\n", "application/yaml text/yaml application/x-yaml text/x-yaml"),
    text("bare.yaml", "name: x\nvalues:\n  - 1\n", "application/yaml", shows=PLAIN, named=True),
    text("a.toml", '[package]\nname = "x"\n', "application/toml", shows=PLAIN, named=True),
    text("a.css", "a { color: red }\nb { margin: 0 }\n", "text/css", shows=PLAIN, named=True),
    text(
        "a.js",
        "const x = () => 1\nexport default x\n",
        "text/javascript application/javascript application/x-javascript",
        shows=PLAIN,
        named=True,
    ),
    text("a.sql", "select 1 from things\n", "application/sql", shows=PLAIN, named=True),
    text("a.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "text/calendar application/ics"),
    text("a.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEND:VCARD\n", "text/vcard text/x-vcard text/directory"),
    text("a.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n", "text/vtt"),
    text("a.srt", "1\n00:00:00,000 --> 00:00:01,000\nHello\n", "application/x-subrip text/srt application/x-srt"),
    text(
        "a.m3u8",
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\na.ts\n",
        "application/vnd.apple.mpegurl audio/mpegurl audio/x-mpegurl application/x-mpegurl",
    ),
    text("a.pls", "[playlist]\nFile1=http://example.com/\n", "audio/x-scpls audio/scpls"),
    text("a.eml", MESSAGE, "message/rfc822"),
    text("a.mbox", f"From a@example.com Mon Jan  1 00:00:00 2026\n{MESSAGE}", "application/mbox"),
    text(
        "a.pem",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "application/pem-certificate-chain",
        "application/x-x509-ca-cert",
    ),
    text("a.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n", "application/pgp-keys"),
    text(
        "a.sh",
        "#!/usr/bin/env bash\nset -e\n",
        "application/x-sh text/x-shellscript application/x-shellscript text/x-sh",
    ),
    text("a.py", "#!/usr/bin/env python3\nprint(1)\n", "text/x-python"),
    text("module.py", "def f():\n    return 1\n", "text/x-python", shows=PLAIN, named=True),
    text("a.php", "<?php echo 1;\n", "application/x-php", "text/x-php application/x-httpd-php"),
    text("a.diff", "--- a.txt\n+++ b.txt\n@@ -1 +1 @@\n-a\n+b\n", "text/x-diff"),
    text(
        "a.tex",
        "% a comment\n\\documentclass{article}\n\\begin{document}x\\end{document}\n",
        "application/x-tex text/x-tex application/x-latex",
    ),
    text("a.1", '.\\" a comment\n.TH TOOL 1\n.SH NAME\ntool\n', "text/troff application/x-troff-man"),
    text("a.step", "ISO-10303-21;\nHEADER;\n", "model/step"),
    text("a.wrl", "#VRML V2.0 utf8\nShape {}\n", "model/vrml"),
    text("ascii.stl", "solid thing\n  facet normal 0 0 1\n", "model/stl application/sla"),
    text("a.ply", "ply\nformat ascii 1.0\nend_header\n", "application/x-ply"),
    text("a.reg", "Windows Registry Editor Version 5.00\n\n[HKEY_X]\n", "text/x-ms-regedit"),
    text("a.pgn", '[Event "x"]\n[Site "y"]\n\n1. e4 *\n', "application/vnd.chess-pgn application/x-chess-pgn"),
    text("a.unknown", "anything at all\n", "application/x-nobody-knows-this", shows=PLAIN),
    Sample("a.fdf", b"%FDF-1.2\n%\xe2\xe3\n1 0 obj\n", "application/vnd.fdf", binary=False),
    text(
        "styles.xml",
        f"{XML}<w:styles/>",
        "application/xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml",
    ),
    text("titled.md", "# Hello\n\nNothing but words.\n", "text/markdown"),
    text("a.conf", "# where to listen\n\nport = 80\n", PLAIN),
    text("a.log", "2026-01-02 03:04:05,678 INFO begun\n2026-01-02 03:04:06,789 INFO ended\n", PLAIN),
    text("poem.txt", "Roses are red,\nviolets are blue,\nsugar is sweet,\n", PLAIN),
    text("heading.html", "<h2>Hello</h2>\n<ul><li>x</ul>", "text/html"),
)
