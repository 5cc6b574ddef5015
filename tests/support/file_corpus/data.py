import plistlib
import sqlite3
import tempfile
from pathlib import Path
from struct import pack

from .sample import Sample, padded


def database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.sqlite")
        connection = sqlite3.connect(path)
        connection.execute("create table things (name text)")
        connection.commit()
        connection.close()
        return path.read_bytes()


SAMPLES = (
    Sample(
        "a.sqlite",
        database(),
        "application/vnd.sqlite3 application/x-sqlite3 application/x-sqlite",
        "application/geopackage+sqlite3",
    ),
    Sample("a.gpkg", database(), "application/geopackage+sqlite3", shows="application/vnd.sqlite3", named=True),
    Sample(
        "a.parquet",
        b"PAR1\x15\x04\x15\0" + bytes(80),
        "application/vnd.apache.parquet application/x-parquet application/parquet",
    ),
    Sample("a.arrow", b"ARROW1\0\0\xff\xff\xff\xff" + bytes(80), "application/vnd.apache.arrow.file"),
    Sample("a.feather", b"FEA1\0\0\0\0" + bytes(80), "application/vnd.apache.feather"),
    Sample("a.avro", b"Obj\x01\x04\x14avro.codec\x08null" + bytes(80), "application/vnd.apache.avro"),
    Sample("a.orc", b"ORC\x0a\x03\0" + bytes(80), "application/vnd.apache.orc"),
    Sample(
        "a.h5",
        b"\x89HDF\r\n\x1a\n" + bytes(80),
        "application/x-hdf5 application/hdf5",
        "application/x-hdf application/x-netcdf",
    ),
    Sample("a.hdf", b"\x0e\x03\x13\x01" + bytes(80), "application/x-hdf"),
    Sample("a.nc", b"CDF\x01\0\0\0\0" + bytes(80), "application/x-netcdf"),
    Sample("a.grib", b"GRIB\0\0\x10\x02" + bytes(80), "application/grib application/x-grib"),
    Sample("a.npy", b"\x93NUMPY\x01\0\x76\0{'descr': '<f8'}" + bytes(80), "application/x-npy"),
    Sample(
        "a.mat",
        b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\x01IM" + bytes(80),
        "application/x-matlab-data",
    ),
    Sample("a.sav", b"$FL2@(#) SPSS DATA FILE" + bytes(80), "application/x-spss-sav application/x-spss-savefile"),
    Sample(
        "a.plist",
        plistlib.dumps({"a": [1, 2.5, b"x"]}, fmt=plistlib.FMT_BINARY),
        "application/x-bplist",
        "application/x-nobody-knows-this",
    ),
    Sample(
        "a.pcap",
        b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(80),
        "application/vnd.tcpdump.pcap application/x-pcap application/pcap",
    ),
    Sample(
        "a.pcapng",
        b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a" + bytes(80),
        "application/x-pcapng",
        "application/vnd.tcpdump.pcap",
    ),
    Sample(
        "a.torrent",
        b"d8:announce35:udp://tracker.example.com:80/announce4:infod6:lengthi1eee",
        "application/x-bittorrent",
        binary=False,
    ),
    Sample("a.las", b"LASF\0\0\0\0" + bytes(80), "application/vnd.las"),
    Sample(
        "a.shp", b"\0\0\x27\x0a" + bytes(20) + pack(">I", 50) + bytes(80), "application/vnd.shp application/x-shapefile"
    ),
    Sample(
        "a.dbf",
        b"\x03\x7a\x01\x01" + bytes(80),
        "application/x-dbf application/dbase",
        shows="application/octet-stream",
    ),
    Sample("a.glb", b"glTF\x02\0\0\0" + bytes(80), "model/gltf-binary"),
    Sample(
        "binary.stl",
        b"made by a printer".ljust(80, b"\0") + pack("<I", 1) + bytes(50),
        "model/stl",
        shows="application/octet-stream",
    ),
    Sample("a.blend", b"BLENDER-v300\0" + bytes(80), "application/x-blender"),
    Sample("a.fbx", b"Kaydara FBX Binary  \0\x1a\0" + bytes(80), "application/vnd.autodesk.fbx application/x-fbx"),
    Sample("a.kdbx", b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5" + bytes(80), "application/x-keepass2"),
    Sample("a.evtx", b"ElfFile\0" + bytes(80), "application/x-ms-evtx"),
    Sample("a.dmp", b"MDMP\x93\xa7" + bytes(80), "application/x-minidump"),
    Sample("a.mo", b"\xde\x12\x04\x95\0\0\0\0" + bytes(80), "application/x-gettext-translation"),
    Sample("zone", b"TZif2" + bytes(80), "application/tzif"),
    Sample("a.qcow2", b"QFI\xfb\0\0\0\x03" + bytes(80), "application/x-qemu-disk"),
    Sample("a.vmdk", b"KDMV\x01\0\0\0" + bytes(80), "application/x-vmdk-disk application/x-virtualbox-vmdk"),
    Sample("a.vhdx", b"vhdxfile" + bytes(80), "application/x-vhdx-disk"),
    Sample("a.icc", padded(b"acsp", 36), "application/vnd.iccprofile"),
    Sample("a.cbor", b"\xd9\xd9\xf7\xa1\x61\x61\x01" + bytes(8), "application/cbor"),
    Sample("a.avb", bytes(range(256)) * 8, "application/x-nobody-knows-this", shows="application/octet-stream"),
    Sample(
        "a.msgpack",
        b"\x82\xa4name\xa1x\xa5value\xcb" + bytes(80),
        "application/vnd.msgpack",
        shows="application/octet-stream",
    ),
)
