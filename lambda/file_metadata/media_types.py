"""Media types: the type that a Content-Type header names, and one canonical name for each type."""

import re

UNKNOWN = "application/octet-stream"

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2
NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"

# Canonical names, each with its aliases. The canonical name is the one registered with IANA
# (https://www.iana.org/assignments/media-types/), else the most common. An alias that only adds or drops `x-` needs no
# line: `image/x-png` is `image/png`.
_NAMES = """
application/octet-stream binary/octet-stream application/unknown application/x-unknown unknown/unknown \
 application/force-download application/download application/x-download application/x-www-form-urlencoded \
 multipart/form-data application/binary
application/epub+zip application/epub
application/geo+json application/vnd.geo+json
application/gpx+xml application/x-gpx+xml application/gpx
application/gzip application/x-gunzip application/gzipped application/gzip-compressed application/x-gzip-compressed \
 application/x-tgz application/x-gtar-compressed application/x-compressed-tar gzip/document
application/illustrator application/vnd.adobe.illustrator
application/java-archive application/x-java-archive application/jar application/x-jar
application/java-vm application/java application/java-byte-code application/x-java-class application/x-java \
 application/java-class
application/json text/json
application/jsonl application/x-ndjson application/ndjson application/jsonlines application/json-lines \
 application/x-json-stream text/jsonl
application/mac-binhex40 application/binhex application/mac-binhex
application/mathml+xml text/mathml
application/mbox
application/msword application/vnd.ms-word application/doc application/vnd.msword application/winword \
 zz-application/zz-winassoc-doc
application/ogg application/x-ogg
application/onenote application/msonenote
application/oxps
application/pdf application/acrobat application/nappdf image/pdf text/pdf
application/pgp-encrypted application/pgp
application/pkcs12 application/x-pfx
application/postscript text/postscript application/ps image/x-eps image/eps application/eps application/x-eps \
 application/x-postscript-not-eps
application/rdf+xml text/rdf
application/grib
application/bufr
application/rss+xml text/rss
application/rtf text/rtf
application/smil+xml application/smil
application/sql text/x-sql
application/toml text/toml
application/vnd.adobe.flash.movie application/x-shockwave-flash application/futuresplash
application/vnd.android.package-archive application/apk
application/vnd.apache.arrow.file
application/vnd.apache.parquet application/parquet application/x-parquet
application/vnd.apple.keynote application/x-iwork-keynote-sffkey
application/vnd.apple.mpegurl audio/mpegurl audio/x-mpegurl application/x-mpegurl application/mpegurl \
 application/m3u audio/m3u audio/x-m3u audio/mpeg-url vnd.apple.mpegurl audio/x-mp3-playlist
application/vnd.apple.numbers application/x-iwork-numbers-sffnumbers
application/vnd.apple.pages application/x-iwork-pages-sffpages
application/vnd.autodesk.fbx application/x-fbx
application/vnd.chess-pgn application/x-chess-pgn
application/vnd.comicbook+zip application/x-cbz
application/vnd.comicbook-rar application/x-cbr
application/vnd.debian.binary-package application/x-deb application/x-debian-package application/deb
application/vnd.google-earth.kml+xml
application/vnd.google-earth.kmz
application/vnd.iccprofile application/x-color-icc
application/vnd.kde.kchart application/x-kchart
application/vnd.kde.kpresenter application/x-kpresenter
application/vnd.kde.kspread application/x-kspread
application/vnd.kde.kword application/x-kword
application/vnd.lotus-1-2-3 application/lotus123 application/x-123 application/wk1
application/vnd.microsoft.portable-executable application/x-dosexec application/exe application/x-exe \
 application/x-winexe application/msdos-windows \
 application/x-ms-dos-executable vms/exe application/dos-exe application/x-executable-msdos
application/vnd.ms-access application/msaccess application/mdb application/x-mdb application/vnd.msaccess
application/vnd.ms-asf video/x-ms-asf video/x-ms-asf-plugin video/x-ms-wm audio/asf video/asf application/asx
application/vnd.ms-cab-compressed application/x-cab application/cab application/x-cabinet
application/vnd.ms-excel application/msexcel application/excel application/xls application/x-xls \
 zz-application/zz-winassoc-xls
application/vnd.ms-htmlhelp application/x-chm application/chm
application/vnd.ms-outlook application/msoutlook
application/vnd.ms-powerpoint application/mspowerpoint application/powerpoint
application/vnd.ms-xpsdocument application/xps
application/vnd.ms-tnef application/ms-tnef
application/vnd.mif application/x-mif
application/vnd.shp application/x-shapefile application/x-esri-shape
application/vnd.framemaker application/x-frame
application/vnd.palm application/x-palm-database
application/vnd.rar application/x-rar-compressed application/rar
application/vnd.rn-realmedia application/vnd.rn-realmedia-vbr
application/vnd.oasis.opendocument.base application/vnd.oasis.opendocument.database
application/vnd.smaf application/x-smaf
application/vnd.sqlite3 application/x-sqlite3 application/x-sqlite application/sqlite3 application/sqlite
application/vnd.tcpdump.pcap application/pcap application/x-tcpdump-capture application/cap
application/vnd.ms-visio.drawing application/vnd.ms-visio.drawing.main+xml
application/vnd.visio application/vnd.ms-visio application/visio
application/vnd.wordperfect application/wordperfect
application/wasm
application/winhlp
application/x-chrome-extension application/x-chrome-package
application/x-spss-sav application/x-spss-savefile
application/x-vdi-disk application/x-virtualbox-vdi
application/x-vhd-disk application/x-virtualbox-vhd
application/x-vhdx-disk application/x-virtualbox-vhdx
application/x-vmdk-disk application/x-virtualbox-vmdk application/x-vmdk application/vmdk
application/x-pcapng application/vnd.tcpdump.pcapng
application/x-nes-rom application/x-nesrom
application/x-msdownload application/x-msdos-program
application/x-font-type1 application/x-font-pfb application/x-font-pfa
application/x-7z-compressed application/7z application/x-7zip application/x-7z
application/x-apple-diskimage application/x-dmg
application/x-archive application/x-unix-archive
application/x-arj application/x-arj-compressed
application/x-bittorrent application/x-torrent
application/x-ace-compressed application/x-ace
application/x-adobe-indesign application/x-indesign
application/x-alz-compressed application/x-alz
application/x-bzip application/x-bz
application/x-bzip2 application/bzip2 application/x-bz2 application/x-bzip-compressed-tar \
 application/x-bzip2-compressed-tar
application/x-compress application/x-z
application/x-coreldraw application/cdr application/coreldraw application/vnd.corel-draw image/cdr image/x-cdr
application/x-dbf application/dbase application/dbf application/x-dbase
application/x-elf
application/x-hdf5 application/hdf5 application/vnd.hdfgroup.hdf5
application/x-hwp application/vnd.haansoft-hwp
application/x-iso9660-image application/x-cd-image application/iso-image
application/x-lzh-compressed application/x-lha application/x-lzh application/lha
application/x-matlab-data application/matlab-mat
application/x-mobipocket-ebook
application/x-mspublisher application/vnd.ms-publisher
application/x-ios-app application/x-itunes-ipa
application/x-msi application/x-windows-installer application/x-ms-installer application/msi
application/x-ms-asx video/x-ms-wvx video/x-ms-wax video/x-ms-wmx audio/x-ms-asx audio/x-ms-wax video/x-ms-asx
application/x-quattro-pro application/x-quattropro
application/x-rpm application/x-redhat-package-manager
application/x-sh application/x-shellscript text/x-sh text/x-shellscript application/x-bash
application/x-stuffit application/x-sit application/stuffit
application/x-subrip application/x-srt text/srt application/srt
application/x-tar application/x-gtar application/x-ustar application/tar
application/x-tex text/x-tex text/x-latex application/x-latex
application/x-xpinstall
application/x-xz application/x-xz-compressed-tar
application/xhtml+xml
application/xml text/xml
application/xml-dtd text/x-dtd
application/xslt+xml text/xsl application/xsl+xml
application/yaml text/yaml text/x-yaml application/x-yml text/x-yml text/vnd.yaml
application/zip application/x-zip-compressed application/zip-compressed multipart/x-zip application/x-compress-zip
application/zlib application/x-deflate
application/zstd application/x-zstd-compressed application/x-zstd-compressed-tar
audio/aac audio/aacp audio/x-hx-aac-adts audio/vnd.dlna.adts
audio/ac3 audio/vnd.dolby.dd-raw
audio/aiff audio/x-aifc audio/x-aiffc sound/aiff
audio/amr
audio/basic audio/au audio/x-au audio/ulaw audio/snd audio/x-basic
audio/flac
audio/matroska
audio/midi audio/mid audio/x-mid application/x-midi music/crescendo x-music/x-midi
audio/mp4 audio/m4a audio/x-m4a audio/x-mp4a audio/m4b audio/x-m4b audio/x-m4p audio/m4p
audio/mpeg audio/mp3 audio/mpeg3 audio/mpg audio/x-mpeg-3
audio/ogg audio/x-vorbis+ogg audio/x-speex+ogg audio/x-flac+ogg audio/x-opus+ogg audio/x-oggflac audio/oga
audio/vnd.dts audio/x-dts audio/dts
audio/vnd.dts.hd audio/x-dtshd
audio/vnd.rn-realaudio audio/x-pn-realaudio audio/x-realaudio audio/vnd.m-realaudio
audio/ape
audio/vnd.audible audio/x-pn-audibleaudio
audio/vnd.wave audio/wav audio/wave audio/x-pn-wav
audio/webm
audio/x-ms-wma audio/wma
audio/x-imelody audio/imelody text/x-imelody
audio/x-mod audio/mod
audio/x-s3m audio/s3m
audio/x-dsf audio/x-dsd
image/x-sgi image/x-rgb
image/vnd-ms.dds image/vnd.ms-dds
audio/x-xm audio/xm
audio/x-tta audio/tta
audio/x-it audio/it
audio/x-scpls audio/scpls application/pls application/x-scpls
font/collection application/x-font-ttc application/font-collection
font/otf application/x-font-otf application/vnd.ms-opentype application/font-otf application/x-font-opentype \
 application/x-opentype-font
font/sfnt application/font-sfnt
font/ttf application/x-font-ttf application/x-font-truetype application/font-ttf application/x-truetype-font \
 application/x-ttf font/truetype
font/woff application/font-woff application/x-font-woff application/x-woff
font/woff2 application/font-woff2 application/x-font-woff2
image/apng image/vnd.mozilla.apng
image/avif
image/bmp image/x-ms-bmp image/x-windows-bmp image/ms-bmp image/x-bitmap application/bmp
image/dpx
image/emf application/emf application/x-emf
image/fits application/fits
image/gif
image/heic
image/heif
image/jp2 image/jpeg2000 image/jpeg2000-image image/x-jpeg2000-image
image/jpeg image/jpg image/pjpeg image/pjpg image/jpe image/jfif
image/jpm video/jpm
image/jxl
image/png application/png
image/svg+xml image/svg image/svg-xml text/xml-svg application/svg+xml
image/tiff image/tif application/tiff
image/vnd.adobe.photoshop application/photoshop image/photoshop image/psd application/psd application/x-photoshop
image/bpg
image/x-icns image/icns
image/x-olympus-orf image/x-raw-olympus
image/x-fuji-raf image/x-raw-fuji
image/x-panasonic-rw2 image/x-panasonic-raw2 image/x-raw-panasonic
image/x-adobe-dng image/x-raw-adobe
image/vnd.zbrush.dcx image/x-dcx
image/x-ilbm image/x-iff image/iff
image/vnd.djvu image/vnd.djvu+multipage image/x.djvu image/djvu image/x-djvu
image/vnd.dwg application/acad application/dwg application/autocad_dwg application/x-acad application/x-autocad \
 drawing/dwg image/x-dwg application/x-dwg
image/vnd.dxf application/dxf application/x-dxf image/dxf drawing/dxf
image/vnd.microsoft.icon image/x-icon image/ico image/icon application/ico text/ico
image/jxr image/vnd.ms-photo
image/vnd.radiance image/x-hdr
image/vnd.zbrush.pcx image/x-pcx image/pcx image/x-pc-paintbrush
image/webp
image/wmf application/wmf application/x-msmetafile application/x-wmf image/x-win-metafile windows/metafile
image/x-exr
image/x-tga image/tga image/targa image/x-targa application/tga application/x-tga application/x-targa image/x-icb
image/x-xbitmap image/x-xbm image/xbm
image/x-xcf image/xcf
image/x-xpixmap image/x-xpm image/xpm
message/rfc822
multipart/related application/x-mimearchive message/rfc2557
model/3mf application/vnd.ms-package.3dmanufacturing-3dmodel+xml application/vnd.ms-3mfdocument
model/gltf+json
model/gltf-binary
model/obj
model/stl application/sla application/vnd.ms-pki.stl model/x.stl-ascii model/x.stl-binary
text/calendar application/ics text/x-vcalendar application/calendar
text/css
text/csv text/comma-separated-values text/x-comma-separated-values application/csv
text/html
text/javascript application/javascript application/ecmascript text/ecmascript text/jscript text/livescript
text/markdown text/x-web-markdown
text/plain text/ascii
text/prs.fallenstein.rst text/x-rst text/rst
text/tab-separated-values text/tsv
text/troff application/x-troff application/x-troff-man application/x-troff-me application/x-troff-ms
text/vcard text/directory
text/vnd.familysearch.gedcom application/x-gedcom text/gedcom
text/vtt
video/3gpp video/3gp
video/3gpp2 video/3g2
video/matroska
video/mp2t video/mpegts
video/mp4 video/x-m4v
video/mpeg video/mpg video/mpeg-system video/x-mpeg-system video/x-mpeg2 video/mpeg2
video/ogg
video/quicktime
video/vnd.avi video/x-msvideo video/avi video/msvideo video/divx video/vnd.divx video/xvid application/x-troff-msvideo
video/webm
video/x-flic video/fli video/x-fli
video/x-flv video/flv application/x-flash-video flv-application/octet-stream
"""

ALIASES: dict[str, str] = {}
for _line in _NAMES.replace(" \\\n", " ").strip().splitlines():
    _name, *_others = _line.split()
    ALIASES[_name] = _name
    ALIASES.update(dict.fromkeys(_others, _name))


def from_header(header: str | None) -> str:
    """The type that a Content-Type header names, without parameters such as charset; `UNKNOWN` if it names none.

    https://www.rfc-editor.org/rfc/rfc9110#name-content-type
    """
    # Repeated headers arrive as one, separated by a comma.
    name = re.split("[;,]", header or "", maxsplit=1)[0].strip().lower()
    return canonical(name) if re.fullmatch(NAME, name) else UNKNOWN


def canonical(name: str) -> str:
    """The canonical name of a type, given any of its names in lower case."""
    known = ALIASES.get(name)
    if known is None:
        kind, _, subtype = name.partition("/")
        other = subtype.removeprefix("x-") if subtype.startswith("x-") else f"x-{subtype}"
        known = ALIASES.get(f"{kind}/{other}", name)
    return known
