"""What the tests make once: kept while its inputs are the same, and restored at another address."""

import base64
import json
from pathlib import Path

import pytest

from sluice_cli.local_aws.server import RECORD
from tests.support import kept
from tests.support.shared_deployment import copy_to_another_address

URL, FOLDER = "https://127.0.0.1:40001", "/tmp/first"  # noqa: S108 - a text


def test_a_folder_is_made_once_for_the_same_inputs_and_again_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "CACHE", tmp_path)
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text(str(len(made)))

    assert [kept.made_once("things", make).joinpath("file").read_text() for _ in range(2)] == ["1", "1"]
    monkeypatch.setitem(kept.ENVIRONMENT, "A_SETTING", "another")
    assert kept.made_once("things", make).joinpath("file").read_text() == "2"
    monkeypatch.delitem(kept.ENVIRONMENT, "A_SETTING")
    assert kept.made_once("things", make).joinpath("file").read_text() == "1"


def test_what_failed_to_be_made_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "CACHE", tmp_path)

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("as told")

    with pytest.raises(ValueError, match="as told"):
        kept.made_once("things", fail)
    assert list(kept.made_once("things", lambda folder: (folder / "whole").touch()).iterdir()) == [
        next(tmp_path.rglob("whole"))
    ]


def test_a_snapshot_for_another_address_has_no_trace_of_the_first(tmp_path: Path) -> None:
    first = tmp_path / "first"
    (first / "state").mkdir(parents=True)
    (first / "local").mkdir()
    record = {"url": URL, "ca_bundle": f"{FOLDER}/.sluice/local/client.pem"}
    (first / "local" / RECORD).write_text(json.dumps(record))
    (first / "local" / "credentials").write_text("key")
    (first / "local" / "credentials").chmod(0o600)
    (first / "local" / "link").symlink_to("/elsewhere")
    (first / "state" / "binary.zip").write_bytes(b"\x00\xff")
    body = base64.b64encode(f'{{"url": "{URL}/q"}}'.encode()).decode()
    (first / "state" / "s3.json").write_text(json.dumps({"x": {"__bytes__": body}, "y": f"{URL}/q"}))

    copy_to_another_address(first, tmp_path / "second", tmp_path / "project")
    moved = json.loads((tmp_path / "second" / "local" / RECORD).read_text())
    assert moved["ca_bundle"] == f"{tmp_path}/project/.sluice/local/client.pem"
    assert (moved["url"] != URL, len(moved["url"])) == (True, len(URL))
    state = json.loads((tmp_path / "second" / "state" / "s3.json").read_text())
    assert json.loads(base64.b64decode(state["x"]["__bytes__"])) == {"url": f"{moved['url']}/q"}
    assert state["y"] == f"{moved['url']}/q"
    assert (tmp_path / "second" / "state" / "binary.zip").read_bytes() == b"\x00\xff"
    assert (tmp_path / "second" / "local" / "credentials").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "second" / "local" / "link").readlink() == Path("/elsewhere")
