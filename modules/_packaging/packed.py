"""Files as they are compressed in an archive, kept by programs that write it again and again."""

import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Packed:
    """A file, compressed, with what shows whether it has changed since."""

    signature: tuple[int, int, int]
    crc: int
    size: int
    content: bytes


def pack(path: Path, earlier: Packed | None) -> Packed:
    """The file compressed; `earlier` where the file has not changed since."""
    status = os.stat(path)  # noqa: PTH116 - of 5,000 files, `Path.stat` takes twice the time
    signature = (status.st_ino, status.st_size, status.st_mtime_ns)
    if earlier is not None and earlier.signature == signature:
        return earlier
    content = path.read_bytes()
    # As zipfile does it, so that the bytes are the same.
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    compressed = compressor.compress(content) + compressor.flush()
    return Packed(signature, zlib.crc32(content), len(content), compressed)


def append(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packed: Packed) -> None:
    """Add a file that is compressed already: `zipfile` has no public way to do it."""
    out = archive.fp
    if out is None:
        raise ValueError("the archive is closed")
    entry.header_offset = out.tell()
    entry.CRC, entry.file_size, entry.compress_size = packed.crc, packed.size, len(packed.content)
    out.write(entry.FileHeader(False))
    out.write(packed.content)
    archive.filelist.append(entry)
    archive.NameToInfo[entry.filename] = entry
    archive.start_dir = out.tell()
    archive._didModify = True  # type: ignore[attr-defined]
