from struct import pack

from .pictures import boxed
from .sample import Sample
from .sounds import ogg

ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c" + bytes(80)
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def atom(kind: bytes, size: int = 200) -> bytes:
    return pack(">I", size) + kind + bytes(size - 8) + pack(">I", 200) + b"mdat" + bytes(192)


SAMPLES = (
    Sample("a.mp4", boxed(b"isom", b"iso2", b"mp41"), "video/mp4", "audio/mp4 application/mp4 video/quicktime"),
    Sample("dash.mp4", boxed(b"dash", b"iso6"), "video/mp4"),
    Sample("a.m4v", boxed(b"M4V ", b"mp42"), "video/mp4 video/x-m4v"),
    Sample("a.f4v", boxed(b"f4v ", b"isom"), "video/mp4", "video/x-f4v"),
    Sample(
        "a.m4s",
        pack(">I", 24) + b"stypmsdh" + bytes(12) + pack(">I", 44) + b"sidx" + bytes(80),
        "video/mp4",
        "video/iso.segment audio/mp4",
    ),
    Sample("bare.m4s", pack(">I", 100) + b"moof" + bytes(100), "video/mp4", "video/iso.segment"),
    Sample("a.mov", boxed(b"qt  ", b"qt  "), "video/quicktime video/x-quicktime", "video/mp4"),
    Sample("old.mov", atom(b"moov"), "video/quicktime"),
    Sample("data.mov", atom(b"mdat"), "video/quicktime"),
    Sample("wide.mov", atom(b"wide", 8), "video/quicktime"),
    Sample("skip.mov", atom(b"skip"), "video/quicktime"),
    Sample("a.3gp", boxed(b"3gp4", b"isom"), "video/3gpp video/3gp", "audio/3gpp video/mp4"),
    Sample("a.3g2", boxed(b"3g2a", b"isom"), "video/3gpp2", "audio/3gpp2"),
    Sample("a.mj2", b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypmjp2" + bytes(80), "video/mj2", "image/jp2"),
    Sample("a.avi", b"RIFF\x40\x01\0\0AVI LIST" + bytes(80), "video/vnd.avi video/x-msvideo video/avi video/msvideo"),
    Sample(
        "a.mkv",
        b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska" + bytes(80),
        "video/matroska video/x-matroska",
        right="video/webm",
    ),
    Sample("a.webm", b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(80), "video/webm", "audio/webm"),
    Sample(
        "a.ogv", ogg(b"\x80theora\x03\x02" + bytes(30)), "video/ogg video/x-ogg", "application/ogg", right="audio/flac"
    ),
    Sample("a.wmv", ASF + ASF_VIDEO, "video/x-ms-wmv", "application/vnd.ms-asf"),
    Sample("a.asf", ASF, "application/vnd.ms-asf video/x-ms-asf", "video/x-ms-wmv"),
    Sample("a.flv", b"FLV\x01\x05\0\0\0\x09" + bytes(80), "video/x-flv video/flv"),
    Sample("a.mpg", b"\0\0\x01\xba\x44\0\x04" + bytes(80), "video/mpeg video/mpg video/x-mpeg", "video/mp2p"),
    Sample("a.m1v", b"\0\0\x01\xb3\x16\0\xf0" + bytes(80), "video/mpeg"),
    Sample("a.ts", b"".join(b"\x47\x40\0\x10".ljust(188, b"\xff") for _ in range(9)), "video/mp2t"),
    Sample("a.m2ts", b"".join(bytes(4) + b"\x47\x40\0\x10".ljust(188, b"\xff") for _ in range(9)), "video/mp2t"),
    Sample("a.mxf", b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02" + bytes(80), "application/mxf"),
    Sample("a.rm", b".RMF\0\0\0\x12" + bytes(80), "application/vnd.rn-realmedia application/vnd.rn-realmedia-vbr"),
    Sample("a.fli", pack("<IHHHH", 1000, 0xAF12, 10, 320, 200) + bytes(120), "video/x-flic video/x-fli"),
    Sample(
        "a.swf", b"FWS\x06\x40\0\0\0" + bytes(80), "application/vnd.adobe.flash.movie application/x-shockwave-flash"
    ),
    Sample("a.nsv", b"NSVf\x20\0\0\0" + bytes(80), "video/x-nsv"),
    Sample("a.anim", b"FORM\0\0\x01\0ANIMFORM" + bytes(80), "video/x-anim"),
)
