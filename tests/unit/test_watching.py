"""What `sluice watch` finds out without a local AWS: sources of archives, changes of code alone, protected stacks."""

import hashlib
import json
import shutil
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from modules._packaging import build_archive
from modules._packaging.record import VARIABLE
from sluice_cli.errors import InputError, SluiceError
from sluice_cli.project import FILE, Project
from sluice_cli.target import Target
from sluice_cli.watching.account import check_account_watch, protected_resources
from sluice_cli.watching.functions import changed_code
from sluice_cli.watching.pushing import shortened
from sluice_cli.watching.sources import FileSource, FolderSource, RecordedSource, SourceFinder
from sluice_cli.watching.watcher import Watcher
from tests.support.waiting import eventually


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def zipped(path: Path, files: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


CODE = {"index.py": "import lib.words\n", "lib/words.py": "WORD = 1\n"}


def test_the_source_of_an_archive_is_the_folder_with_exactly_its_files(tmp_path: Path) -> None:
    written(tmp_path / "project" / "code", CODE)
    written(tmp_path / "project" / "older", {**CODE, "lib/words.py": "WORD = 0\n"})
    written(tmp_path / "project" / "larger", {**CODE, "more.py": ""})
    written(tmp_path / "project" / "node_modules" / "code", CODE)
    archive = zipped(tmp_path / "out" / "archive.zip", CODE)
    source = SourceFinder(tmp_path / "project", tmp_path / "none").find(archive, "")
    assert source == FolderSource(tmp_path / "project" / "code")
    assert source.holds(tmp_path / "project" / "code" / "lib" / "words.py")
    assert not source.holds(tmp_path / "project" / "older" / "index.py")
    (tmp_path / "project" / "code" / "index.py").write_text("import lib\n")
    (tmp_path / "built.zip").write_bytes(source.build())
    with zipfile.ZipFile(tmp_path / "built.zip") as built:
        assert {name: built.read(name).decode() for name in built.namelist()} == {**CODE, "index.py": "import lib\n"}


def test_an_archive_that_the_project_builds_itself_is_its_own_source(tmp_path: Path) -> None:
    built = zipped(tmp_path / "project" / "dist" / "function.zip", CODE)
    copy = tmp_path / "out" / "function.zip"
    copy.parent.mkdir()
    copy.write_bytes(built.read_bytes())
    source = SourceFinder(tmp_path / "project", tmp_path / "none").find(copy, "")
    assert source == FileSource(built)
    assert source.build() == built.read_bytes()
    built.write_bytes(built.read_bytes()[:40])  # half-written
    with pytest.raises(zipfile.BadZipFile):
        source.build()


def test_an_archive_of_files_that_are_nowhere_has_no_source(tmp_path: Path) -> None:
    written(tmp_path / "project", {"other.py": ""})
    finder = SourceFinder(tmp_path / "project", tmp_path / "none")
    assert finder.find(zipped(tmp_path / "out" / "a.zip", CODE), "") is None
    assert finder.find(zipped(tmp_path / "out" / "b.zip", {}), "") is None
    assert finder.find(written(tmp_path / "out", {"c.zip": "no archive"}) / "c.zip", "") is None


def test_an_archive_of_the_module_classes_is_built_again_as_synth_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "records"))
    package = written(tmp_path / "function", {f"part{number}.py": f"N = {number}\n" for number in range(500)})
    archive = build_archive([package])
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    source = SourceFinder(tmp_path / "project", tmp_path / "records").find(archive, digest)
    assert isinstance(source, RecordedSource)
    assert source.folders() == [package]
    assert source.build() == archive.read_bytes()
    changed = written(tmp_path / "other" / "function", {f"part{number}.py": f"N = {number}\n" for number in range(501)})
    written(package, {"part500.py": "N = 500\n"})
    assert source.build() == build_archive([changed]).read_bytes()


FUNCTION = {"function_name": "f", "filename": "assets/1.zip", "source_code_hash": "one", "timeout": 3}
BEFORE: dict[str, Any] = {
    "resource": {"aws_lambda_function": {"f": FUNCTION, "g": FUNCTION}, "aws_sqs_queue": {"q": {}}}
}


def with_function(**changes: Any) -> dict[str, Any]:
    functions = {"f": {**FUNCTION, **changes}, "g": FUNCTION}
    return {"resource": {**BEFORE["resource"], "aws_lambda_function": functions}}


@pytest.mark.parametrize(
    ("after", "functions"),
    [
        (BEFORE, []),
        (with_function(filename="assets/2.zip", source_code_hash="two"), ["f"]),
        (with_function(filename="assets/2.zip", timeout=4), None),
        (with_function(timeout=4), None),
        ({**with_function(filename="assets/2.zip"), "output": {"new": {}}}, None),
        ({"resource": {**with_function(filename="assets/2.zip")["resource"], "aws_sqs_queue": {}}}, None),
        (with_function(filename="assets/2.zip", publish=True), None),
    ],
)
def test_code_alone_is_told_from_other_changes(after: dict[str, Any], functions: list[str] | None) -> None:
    assert changed_code(BEFORE, after) == functions


NEW_CODE = {"filename": "assets/2.zip", "source_code_hash": "two"}


def with_new_code(reading: dict[str, Any], **function: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configurations before and after a change of code of the function f, with whatever else reads of it."""
    before, after = (
        {"resource": {"aws_lambda_function": {"f": {**FUNCTION, **function, **code}, "g": FUNCTION}}, **reading}
        for code in ({}, NEW_CODE)
    )
    return before, after


def output(value: Any) -> dict[str, Any]:
    return {"output": {"read": {"value": value}}}


@pytest.mark.parametrize(
    "reading",
    [
        {},
        output("${aws_lambda_function.f.arn}"),
        output("${aws_lambda_function.f.invoke_arn} ${aws_lambda_function.f.function_name}"),
        output("${aws_lambda_function.g.code_sha256}"),
        output("${aws_lambda_function.ff.code_sha256}"),
        {"output": {"read": {"value": "x", "depends_on": ["aws_lambda_function.f"]}}},
        {"//": {"metadata": {"overrides": {"aws_lambda_function.f": ["aws_lambda_function.f"]}}}},
    ],
)
def test_what_does_not_read_the_code_leaves_it_alone_changed(reading: dict[str, Any]) -> None:
    assert changed_code(*with_new_code(reading)) == ["f"]


@pytest.mark.parametrize(
    "reading",
    [
        *(
            output(f"${{aws_lambda_function.f.{attribute}}}")
            for attribute in (
                *("filename", "source_code_hash", "code_sha256", "source_code_size", "last_modified", "version"),
                *("qualified_arn", "qualified_invoke_arn"),
            )
        ),
        output("${jsonencode(aws_lambda_function.f)}"),
        output('${aws_lambda_function.f["last_modified"]}'),
        output("${aws_lambda_function.f[*].version}"),
        {"locals": {"trigger": ["${sha1(aws_lambda_function.f.source_code_hash)}"]}},
        {"data": {"aws_lambda_function": {"same": {"function_name": "f"}}}},
    ],
)
def test_what_reads_the_code_has_the_stack_planned(reading: dict[str, Any]) -> None:
    assert changed_code(*with_new_code(reading)) is None


@pytest.mark.parametrize(
    "function",
    [
        {"count": 2},
        {"for_each": "${toset([1, 2])}"},
        {"lifecycle": {"postcondition": {"condition": "${self.source_code_size < 1000}", "error_message": "large"}}},
    ],
)
def test_several_instances_and_conditions_on_code_have_the_stack_planned(function: dict[str, Any]) -> None:
    assert changed_code(*with_new_code({}, **function)) is None


def test_a_replacement_that_new_code_triggers_is_planned() -> None:
    before, after = with_new_code({})
    queue = {"aws_sqs_queue": {"q": {"lifecycle": {"replace_triggered_by": ["aws_lambda_function.f"]}}}}
    assert changed_code(*({"resource": {**one["resource"], **queue}} for one in (before, after))) is None


@pytest.mark.parametrize("code", ["ministack-lambda-f-1a2b/code", f"code/{'0123456789abcdef' * 4}"])
def test_a_traceback_is_shown_without_the_runtimes_frames_and_folders(code: str) -> None:
    folder = f"/project/.sluice/local/tmp/{code}/"
    said = f"""Traceback (most recent call last):
  File "/project/.sluice/local/tmp/ministack-lambda-f-1a2b/_worker.py", line 49, in run
    mod = importlib.import_module(module_name)
  File "/usr/lib/python3.13/importlib/__init__.py", line 88, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
           ~~~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "<frozen importlib._bootstrap>", line 1387, in _gcd_import
  File "{folder}index.py", line 1
    def handler(:
                ^
SyntaxError: invalid syntax"""
    assert shortened(said).splitlines() == [
        "Traceback (most recent call last):",
        '  File "index.py", line 1',
        "    def handler(:",
        "                ^",
        "SyntaxError: invalid syntax",
    ]


def test_stacks_that_protect_what_they_hold_are_not_watched_in_an_account() -> None:
    assert (
        protected_resources({"resource": {"aws_sqs_queue": {"q": {"lifecycle": {"create_before_destroy": True}}}}})
        == []
    )
    assert protected_resources({}) == []
    guarded = {"aws_s3_bucket": {"b": {"lifecycle": {"prevent_destroy": True}}}, "aws_sqs_queue": {"q": {}}}
    assert protected_resources({"resource": guarded}) == ["aws_s3_bucket.b"]
    kept = {
        "aws_dynamodb_table": {"t": {"deletion_protection_enabled": True}, "u": {"deletion_protection_enabled": False}}
    }
    assert protected_resources({"resource": kept}) == ["aws_dynamodb_table.t"]


@pytest.mark.parametrize(
    ("block", "protected"),
    [
        ({"deletion_protection": "ACTIVE"}, True),
        ({"deletion_protection": "INACTIVE"}, False),
        ({"deletion_protection": "${var.protect}"}, True),
        ({"enable_deletion_protection": True}, True),
        ({"delete_protection": True}, True),
        ({"termination_protection": True}, True),
        ({"disable_api_termination": False}, False),
        ({"lifecycle": [{"create_before_destroy": True}, {"prevent_destroy": True}]}, True),
        ({"lifecycle": [{"create_before_destroy": True}]}, False),
        ({"lifecycle": None}, False),
        ([{"name": "a"}, {"deletion_protection": True}], True),
    ],
)
def test_every_form_of_protection_counts(block: Any, protected: bool) -> None:
    assert protected_resources({"resource": {"aws_kind": {"one": block}}}) == ["aws_kind.one"] * protected


@pytest.mark.parametrize(
    ("variables", "refused"),
    [
        ({}, False),
        ({"ENVIRONMENT_SUFFIX": "dev"}, False),
        ({"ENVIRONMENT_SUFFIX": "prod"}, True),
        ({"ENVIRONMENT_SUFFIX": "production"}, True),
        ({"ENVIRONMENT_SUFFIX": "live", "PROTECTED_ENVIRONMENTS": "live,prod"}, True),
        ({"ENVIRONMENT_SUFFIX": "live", "PROTECTED_ENVIRONMENTS": "prod, live ,test"}, True),
        ({"ENVIRONMENT_SUFFIX": "prod", "PROTECTED_ENVIRONMENTS": "live"}, False),
    ],
)
def test_protected_environments_are_not_watched_in_an_account(
    variables: dict[str, str], refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENVIRONMENT_SUFFIX", "PROTECTED_ENVIRONMENTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / FILE).write_text(json.dumps({"app": "true"}))
    project = Project.read(tmp_path)
    if refused:
        with pytest.raises(InputError, match="is a protected environment: use `sluice review`"):
            check_account_watch(project, ["one"])
    else:
        check_account_watch(project, ["one"])
    with pytest.raises(InputError, match=r"^--account: name one stack$"):
        check_account_watch(project, [])


@pytest.fixture
def watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """The watcher of a project without stacks, which waits for nothing else than its folders."""
    (tmp_path / FILE).write_text('{"app": "true"}')
    (tmp_path / "code").mkdir()
    monkeypatch.setattr(Watcher, "_learn", lambda watcher: None)
    project = Project.read(tmp_path)
    return Watcher(project, Target({}, tmp_path, project), [])


def test_a_folder_that_cannot_be_listed_ends_the_watch_and_says_why(
    watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(watcher: Watcher) -> list[Path]:
        raise PermissionError(13, "Permission denied", "code")

    monkeypatch.setattr(Watcher, "_deep_folders", refuse)
    with pytest.raises(SluiceError) as raised:
        watcher.run()
    assert str(raised.value) == f"{tmp_path} cannot be watched: [Errno 13] Permission denied: 'code'"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "error",
    [
        OSError("OS file watch limit reached. about [/code] (Error { kind: MaxFilesWatch, paths: [] })"),
        RuntimeError("Error creating recommended watcher: Too many open files (os error 24)"),
    ],
)
def test_at_the_systems_limit_of_watches_the_watch_ends_and_names_the_limit(
    watcher: Watcher,
    tmp_path: Path,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*folders: Path, **options: Any) -> None:
        raise error

    monkeypatch.setattr("sluice_cli.watching.watcher.watch", refuse)
    with pytest.raises(SluiceError) as raised:
        watcher.run()
    limits = "raise the system's limits fs.inotify.max_user_watches and fs.inotify.max_user_instances"
    assert str(raised.value) == f"{tmp_path} cannot be watched: {error}; {limits}"
    assert capsys.readouterr().out == ""


def test_a_folder_that_vanishes_before_it_is_watched_does_not_end_the_watch(
    watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = iter([[tmp_path / "code", tmp_path / "vanished"]])
    monkeypatch.setattr(Watcher, "_deep_folders", lambda watcher: next(listed, [tmp_path / "code"]))
    thread = threading.Thread(target=watcher._watch, daemon=True)
    thread.start()

    def seen() -> bool:
        (tmp_path / "code" / "index.py").write_text(f"NUMBER = {time.monotonic()}\n")
        return not watcher._events.empty()

    eventually(seen)  # the folders are watched after a moment
    assert (watcher._failure, watcher._events.get()) == (None, {tmp_path / "code" / "index.py"})
    watcher._stop.set()
    watcher._restart.set()
    thread.join()


def test_a_project_that_vanishes_while_it_is_watched_ends_the_watch(
    watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn(watcher: Watcher, background: Any) -> None:
        shutil.rmtree(tmp_path, ignore_errors=True)
        watcher._restart.set()
        time.sleep(0.05)

    monkeypatch.setattr(Watcher, "_turn", turn)
    with pytest.raises(SluiceError, match=r"cannot be watched: .*No such file or directory"):
        watcher.run()
