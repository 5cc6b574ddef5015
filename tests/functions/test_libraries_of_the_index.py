"""Compiled libraries from the package index, for both architectures."""

from pathlib import Path

import pytest

from modules import Dependencies
from modules._packaging import build_archive, build_libraries, sha256

LOCK = """
pillow==13.0.0 \\
    --hash=sha256:19b66ca0a4d25cc0200b381ce824c7ea090db61427315e73cfb05dbf1b35c369 \\
    --hash=sha256:5f56499c1a74d2b862beb0c33b8016f99d095858455df9d21583bbbc1c15b582
pydantic-core==2.50.5 \\
    --hash=sha256:8bbe282e79dc71b24ba7be284eacf27c8ddff8f26911e2030a0dd123c6aed326 \\
    --hash=sha256:cbfde3ad127786f1dea1a6cd89a5eb824a16203f24743ad2b4e07506f43bc844
"""
# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html: e_machine
MACHINES = {"x86_64": 62, "arm64": 183}


@pytest.mark.parametrize(("architecture", "machine"), MACHINES.items())
def test_compiled_libraries_are_those_of_the_architecture_and_make_the_same_archive_each_time(
    tmp_path: Path, architecture: str, machine: int
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK)
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "handler.py").write_text("")
    libraries = build_libraries(Dependencies(lock), runtime="python3.13", architecture=architecture)
    compiled = [path.read_bytes() for path in libraries.rglob("*.cpython-313-*.so")]
    assert len(compiled) > 5
    assert {int.from_bytes(content[18:20], "little") for content in compiled} == {machine}
    archives = {sha256(build_archive([tmp_path / "worker"], libraries)) for _ in range(2)}
    assert len(archives) == 1
