"""Slim JavaScript packages: the provider binding's installed package reduced to the submodules in use.

They are kept in the user's cache folder, by installed package and submodules. A package with more submodules than
needed is reused.
"""

import gzip
import hashlib
import io
import json
import posixpath
import re
import shutil
import tarfile
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cache

FORMAT = 2  # part of the cache key: increment it when the content of slim packages changes

ASSEMBLY = "package/.jsii"
INDEX = "package/lib/index.js"
MANIFESTS = {ASSEMBLY, INDEX, "package/package.json", "package/LICENSE"}

SOURCE_MAP = b"\n//# sourceMappingURL="
# `exports.s3Bucket = require("./s3-bucket");` or `exports.s3Bucket = __importStar(require("./s3-bucket/index"));`
EXPORT = re.compile(rb'^exports\.(\w+) = (?:__importStar\()?require\("\./([^"]+?)(?:/index)?"\)\)?;$', re.MULTILINE)
REQUIRED = re.compile(rb'require\("(\.[^"]+)"\)')


@dataclass(frozen=True)
class Slim:
    """A folder with a `_jsii` package that loads the JavaScript of these submodules, or of more."""

    folder: Path
    submodules: frozenset[str]


@dataclass(frozen=True)
class Single:
    """The JavaScript of one submodule as a package `name`, taken from the package `of`."""

    name: str
    of: str
    version: str
    tarball: Path


class NotSlimmableError(RuntimeError):
    """No slim package can be made or kept; the message has the reason and advice."""


def find(installed: Path, submodules: Collection[str]) -> Slim:
    """A slim package with these submodules, made on first use. Raises `NotSlimmableError`."""
    try:
        kept = _cache(installed)
        names = ",".join(sorted(submodules))

        def write(folder: Path) -> None:
            (folder / "_jsii").mkdir()
            shutil.copyfile(installed / "__init__.py", folder / "_jsii" / "__init__.py")
            _write(folder / "_jsii" / _tarball(installed).name, _cut(_tarball(installed), submodules))
            (folder / "submodules").write_text(names)

        for folder in kept.glob("slim-*"):
            held = frozenset((folder / "submodules").read_text().split(","))
            if held.issuperset(submodules):
                return Slim(cache.once(folder, write), held)
        folder = cache.once(kept / f"slim-{hashlib.sha256(names.encode()).hexdigest()[:32]}", write)
        return Slim(folder, frozenset(submodules))
    except (OSError, RuntimeError) as error:  # a read-only home folder, or none
        raise NotSlimmableError(
            f"the parts in use cannot be kept in the cache folder: {error}; set XDG_CACHE_HOME to a folder for caches"
        ) from error
    except (LookupError, ValueError) as error:
        raise NotSlimmableError(f"the installed package is not like the known versions: {error}") from error


def single(installed: Path, submodule: str) -> Single:
    """A package of one submodule under a name of its own."""
    tarball = _tarball(installed)

    def write(folder: Path) -> None:
        files = _cut(tarball, [submodule])
        package = json.loads(files["package/package.json"])
        of, name = package["name"], f"{package['name']}-{submodule.replace('_', '-')}"
        own = {
            path: content.replace(f'"{of}.'.encode(), f'"{name}.'.encode()).replace(
                f'"{of}"'.encode(), f'"{name}"'.encode()
            )
            for path, content in files.items()
        }
        _write(folder / "package.tgz", own)
        (folder / "name").write_text(json.dumps([name, of, package["version"]]))

    try:
        folder = cache.once(_cache(installed) / f"single-{submodule}", write)
    except (OSError, RuntimeError):
        folder = Path(tempfile.mkdtemp(prefix="provider-binding-"))  # jsii reads it once; the system removes it later
        write(folder)
    name, of, version = json.loads((folder / "name").read_text())
    return Single(name, of, version, folder / "package.tgz")


def _cache(installed: Path) -> Path:
    tarball = _tarball(installed)
    return cache.folder("provider-binding", f"{FORMAT}-{tarball.name}-{tarball.stat().st_size}")


def _tarball(installed: Path) -> Path:
    (found,) = installed.glob("*.jsii.tgz")
    return found


def _write(path: Path, files: dict[str, bytes]) -> None:
    """Write a package with the same bytes for the same content: jsii caches unpacked packages by their hash."""
    with (
        path.open("wb") as out,
        gzip.GzipFile("", "wb", 6, out, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(files[name]))


def _cut(tarball: Path, submodules: Collection[str]) -> dict[str, bytes]:
    """The package's files without other submodules, source maps and documentation.

    Python calls a submodule `s3_bucket` what JavaScript exports as `s3Bucket` from `./s3-bucket`. Submodules that the
    wanted ones load in JavaScript come with them. Raises `LookupError` where one is missing.
    """
    wanted = {_plain(name) for name in submodules}
    files: dict[str, bytes] = {}
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            parts = member.name.split("/")
            of_submodule = parts[1] == "lib" and _plain(parts[2].removesuffix(".js")) in wanted
            if member.name in MANIFESTS or (of_submodule and member.name.endswith(".js")):
                content = archive.extractfile(member)
                files[member.name] = content.read() if content else b""
    loaded = {_plain(name) for path, content in files.items() for name in _submodules_loaded(path, content)}
    if not loaded <= wanted:
        return _cut(tarball, wanted | loaded)
    exports = {name.decode(): path.decode() for name, path in EXPORT.findall(files[INDEX])}
    kept = {name: path for name, path in exports.items() if _plain(name) in wanted}
    if {_plain(name) for name in kept} != wanted:
        raise LookupError(f"the package exports {sorted(kept)}, asked for {sorted(submodules)}")
    files = {name: content.partition(SOURCE_MAP)[0] for name, content in files.items()}
    files[INDEX] = _lazy_index(kept)
    files[ASSEMBLY] = json.dumps(_assembly(files[ASSEMBLY], wanted)).encode()
    return files


def _submodules_loaded(path: str, content: bytes) -> Iterator[str]:
    """The folders of `lib` from which a submodule's file loads: its own, and others'."""
    if path not in MANIFESTS:
        for required in REQUIRED.findall(content):
            parts = posixpath.normpath(posixpath.join(posixpath.dirname(path), required.decode())).split("/")
            if parts[:2] == ["package", "lib"] and len(parts) > 2:
                yield parts[2]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _lazy_index(exports: dict[str, str]) -> bytes:
    return "".join(
        [
            '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n',
            *(
                f'Object.defineProperty(exports, "{name}", {{ enumerable: true, get: () => require("./{path}") }});\n'
                for name, path in exports.items()
            ),
        ]
    ).encode()


def _assembly(text: bytes, wanted: set[str]) -> dict[str, Any]:
    """jsii's description of the package, of the wanted submodules only.

    It is 120 MB of JSON that takes seconds to parse, so the wanted types are found by the indentation of their names;
    a description that is not indented is parsed.
    """
    try:
        start = text.index(b'\n  "types": {\n')
        marks = [
            (match.start(), match[1].decode()) for match in re.compile(rb'\n    "([^"]+)": \{\n').finditer(text, start)
        ]
        end = text.index(b"\n  }", marks[-1][0])
        assembly: dict[str, Any] = json.loads(text[:start] + b'\n  "types": {}' + text[end + len(b"\n  }") :])
        types = {}
        for number, (position, fqn) in enumerate(marks):
            if _submodule(fqn) in wanted:
                stop = marks[number + 1][0] if number + 1 < len(marks) else end
                types[fqn] = json.loads(b"{" + text[position:stop].rstrip().rstrip(b",") + b"}")[fqn]
    except (ValueError, IndexError):
        assembly = json.loads(text)
        types = {fqn: of for fqn, of in assembly["types"].items() if _submodule(fqn) in wanted}
    assembly["types"] = {fqn: _undocumented(of) for fqn, of in types.items()}
    assembly["submodules"] = {fqn: of for fqn, of in assembly["submodules"].items() if _submodule(fqn) in wanted}
    assembly.pop("readme", None)
    return assembly


def _submodule(fqn: str) -> str:
    """`s3bucket` of `@cdktf/provider-aws.s3Bucket.S3Bucket`."""
    return _plain(fqn.split(".")[1]) if "." in fqn else ""


def _undocumented(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _undocumented(of) for name, of in part.items() if name not in ("docs", "locationInModule")}
    return [_undocumented(one) for one in part] if isinstance(part, list) else part
