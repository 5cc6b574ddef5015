import io
import wave
from struct import pack

from .pictures import boxed
from .sample import Sample, padded


def waved() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(200))
    return content.getvalue()


def frames(header: bytes, length: int, count: int = 4) -> bytes:
    return b"".join(header.ljust(length, b"\0") for _ in range(count))


def ogg(first_packet: bytes) -> bytes:
    page = b"OggS\0\x02" + bytes(8) + pack("<III", 7, 0, 0) + bytes((1, len(first_packet))) + first_packet
    return page + b"OggS\0\0" + bytes(60)


def adts(length: int) -> bytes:
    return bytes((0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC))


MP3 = frames(b"\xff\xfb\x90\x00", 417)
ID3 = b"ID3\x03\0\0\0\0\0\x20" + b"TIT2" + bytes(28)
MIDI = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0"

SAMPLES = (
    Sample("a.wav", waved(), "audio/vnd.wave audio/wav audio/x-wav audio/wave audio/x-pn-wav"),
    Sample("big.wav", b"RF64\xff\xff\xff\xffWAVEds64" + bytes(80), "audio/vnd.wave audio/wav"),
    Sample("a.mp3", MP3, "audio/mpeg audio/mp3 audio/x-mp3 audio/x-mpeg", "audio/mp2"),
    Sample("tagged.mp3", ID3 + MP3, "audio/mpeg audio/mp3"),
    Sample("slow.mp3", frames(b"\xff\xe3\x18\xc4", 72, 8), "audio/mpeg audio/mp3"),
    Sample("a.mp2", frames(b"\xff\xfd\x90\x00", 522), "audio/mpeg", "audio/mp2"),
    Sample("a.flac", b"fLaC\0\0\0\x22" + bytes(80), "audio/flac audio/x-flac"),
    Sample("tagged.flac", ID3 + b"fLaC\0\0\0\x22" + bytes(80), "audio/flac audio/x-flac"),
    Sample("a.aac", frames(adts(100), 100), "audio/aac audio/x-aac audio/aacp"),
    Sample("tagged.aac", ID3 + frames(adts(100), 100), "audio/aac audio/x-aac"),
    Sample("a.m4a", boxed(b"M4A ", b"isom"), "audio/mp4 audio/x-m4a audio/m4a", "video/mp4 audio/mp4a-latm"),
    Sample("a.ogg", ogg(b"\x01vorbis" + bytes(20)), "audio/ogg audio/x-ogg", "application/ogg audio/vorbis"),
    Sample("a.opus", ogg(b"OpusHead\x01\x02" + bytes(10)), "audio/ogg", "audio/opus"),
    Sample("a.spx", ogg(b"Speex   1.2" + bytes(60)), "audio/ogg", "audio/speex"),
    Sample("a.oga", ogg(b"\x7fFLAC\x01\0" + bytes(40)), "audio/ogg", right="audio/flac"),
    Sample("a.mid", MIDI, "audio/midi audio/mid audio/x-midi application/x-midi", "audio/sp-midi"),
    Sample("a.rmi", b"RIFF\x40\0\0\0RMIDdata" + bytes(60), "audio/midi audio/mid"),
    Sample("a.aif", b"FORM\0\0\x01\0AIFFCOMM" + bytes(80), "audio/aiff audio/x-aiff"),
    Sample("a.aifc", b"FORM\0\0\x01\0AIFCFVER" + bytes(80), "audio/aiff audio/x-aifc"),
    Sample("a.au", b".snd\0\0\0\x18" + bytes(80), "audio/basic audio/au"),
    Sample("a.amr", b"#!AMR\n\x3c" + bytes(80), "audio/amr audio/AMR", "audio/amr-wb"),
    Sample("a.awb", b"#!AMR-WB\n\x04" + bytes(80), "audio/amr-wb", "audio/amr"),
    Sample(
        "a.wma",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"
        + bytes(80)
        + bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b"),
        "audio/x-ms-wma audio/wma",
        "application/vnd.ms-asf",
    ),
    Sample("a.ape", b"MAC \x96\x0f\0\0" + bytes(80), "audio/ape audio/x-ape"),
    Sample("a.wv", b"wvpk\x40\0\0\0" + bytes(80), "audio/x-wavpack"),
    Sample("a.mpc", b"MPCKSH\x0e" + bytes(80), "audio/x-musepack"),
    Sample("a.tta", b"TTA1\x01\0" + bytes(80), "audio/x-tta audio/tta"),
    Sample("a.caf", b"caff\0\x01\0\0desc" + bytes(80), "audio/x-caf"),
    Sample("a.voc", b"Creative Voice File\x1a\x1a\0" + bytes(80), "audio/x-voc"),
    Sample("a.dsf", b"DSD \x1c\0\0\0" + bytes(80), "audio/x-dsf"),
    Sample("a.dts", b"\x7f\xfe\x80\x01" + bytes(80), "audio/vnd.dts audio/x-dts"),
    Sample("a.ac3", b"\x0b\x77\x4a\x1c\x14\x40" + bytes(80), "audio/ac3 audio/x-ac3"),
    Sample("a.qcp", b"RIFF\x40\0\0\0QLCMfmt " + bytes(80), "audio/qcelp"),
    Sample("a.xm", b"Extended Module: song\x1a\0" + bytes(80), "audio/x-xm audio/xm"),
    Sample("a.it", b"IMPMsong\0" + bytes(80), "audio/x-it audio/it"),
    Sample("a.s3m", padded(b"SCRM", 44), "audio/x-s3m audio/s3m"),
    Sample("a.mod", padded(b"M.K.", 1080, 2048), "audio/x-mod audio/mod"),
    Sample("a.sid", b"PSID\0\x02\0\x7c" + bytes(120), "audio/prs.sid"),
    Sample("a.ra", b".ra\xfd\0\x04\0\0" + bytes(80), "audio/vnd.rn-realaudio audio/x-pn-realaudio"),
    Sample(
        "a.mka",
        b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska" + bytes(80),
        "audio/matroska audio/x-matroska",
        shows="video/matroska",
        named=True,
        right="video/webm",
    ),
    Sample(
        "a.weba",
        b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(80),
        "audio/webm",
        "video/webm",
        shows="video/webm",
        named=True,
    ),
)
