"""`sluice watch` on a project with a function of the module classes and one that its author wrote out."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project
from tests.support.commands import sluice_here
from tests.support.waiting import eventually
from tests.support.watching import HANDLER, PLAIN, Watched, watched_project, watching


@pytest.fixture(scope="module")
def watched(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Started while `sluice up` deploys the same project."""
    folder = watched_project(tmp_path_factory.mktemp("watched") / "project")
    (folder / ".sluice").mkdir()
    (folder / ".sluice" / "local").symlink_to(local_aws.folder)
    with subprocess.Popen(
        [sys.executable, "-m", "sluice_cli", "up"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as up:
        lock = folder / ".sluice" / "lock"
        eventually(lambda: (lock.is_file() and lock.read_text()) or up.poll() is not None)
        with watching(local_aws, folder) as made:
            said, _ = up.communicate(timeout=600)
            assert up.returncode == 0, said
            yield made


def test_a_watcher_that_is_started_during_up_waits_for_it(watched: Watched) -> None:
    first, *others = watched.said().splitlines()
    assert first.startswith("Waiting for `sluice up` (process ")
    assert "Deploying: done, nothing to change" in others


def test_a_saved_handler_runs_at_the_next_event(watched: Watched) -> None:
    assert watched.answer("watched-echo") == "ours 0"
    for number in range(1, 4):
        after = watched.save("ours/echo/handler.py", HANDLER.format(number=number))
        watched.wait_for_answer("watched-echo", f"ours {number}")
        # Before any synth and Terraform: docs/watch.md has the time.
        watched.wait_for("watched-echo: new code runs", after)
        assert "Terraform" not in watched.said()[after:].partition("watched-echo: new code runs")[0]


def test_what_a_function_imports_and_functions_of_other_classes_are_watched_too(watched: Watched) -> None:
    watched.save("ours/common/words.py", 'WORD = "shared"\n')
    watched.wait_for_answer("watched-echo", "shared 3")
    watched.save("plain/index.py", PLAIN.format(number=1))
    watched.wait_for_answer("watched-plain", "plain 1")


def test_code_that_does_not_start_is_shown_and_the_old_code_stays(watched: Watched) -> None:
    for broken, said in (
        ("WORD = \n", 'File "common/words.py", line 1'),
        ("import missing_library\n", "ModuleNotFoundError: No module named 'missing_library'"),
        ("", "ImportError: cannot import name 'WORD' from 'common.words'"),
    ):
        watched.wait_for(said, after=watched.save("ours/common/words.py", broken))
        assert watched.answer("watched-echo") == "shared 3"
    assert "watched-echo: not updated, the code does not start:" in watched.said()
    assert "_worker.py" not in watched.said()
    watched.save("ours/common/words.py", 'WORD = "whole"\n')
    watched.wait_for_answer("watched-echo", "whole 3")


def test_a_function_that_never_returns_gets_new_code(watched: Watched) -> None:
    sleeping = "import time\n\n\ndef handler(event, context):\n    time.sleep(3600)\n"
    watched.wait_for("watched-plain: new code runs", after=watched.save("plain/index.py", sleeping))
    watched.client("lambda").invoke(FunctionName="watched-plain", InvocationType="Event")
    watched.save("plain/index.py", PLAIN.format(number=2))
    watched.wait_for_answer("watched-plain", "plain 2")


def word_of(watched: Watched) -> str:
    """What the function's other package says now."""
    return str(watched.answer("watched-echo")).split()[0]


def test_a_file_that_is_saved_in_steps_runs_when_it_is_whole(watched: Watched) -> None:
    whole, word = HANDLER.format(number=6), word_of(watched)
    with (watched.folder / "ours" / "echo" / "handler.py").open("w") as file:
        for start in range(0, len(whole), 20):
            file.write(whole[start : start + 20])
            file.flush()
            time.sleep(0.02)
    # On a slow machine the steps are far apart: what does not start is refused then, and the whole file runs.
    watched.wait_for_answer("watched-echo", f"{word} 6")


def test_code_goes_to_the_function_while_another_command_holds_the_project(watched: Watched) -> None:
    word = word_of(watched)
    with Project.read(watched.folder).locked("`sluice up`"):
        after = watched.save("ours/echo/handler.py", HANDLER.format(number=7))
        watched.wait_for_answer("watched-echo", f"{word} 7")
        watched.wait_for("Waiting for `sluice up` (process ", after)
        assert "Terraform's state" not in watched.said()[after:]
    watched.wait_for("Terraform's state holds the new code", after)


def test_a_package_of_5000_files_is_updated(watched: Watched) -> None:
    made, package = watched.folder.parent / "many", watched.folder / "ours" / "common" / "many"
    few = watched.folder / "ours" / "common" / "few"
    few.mkdir()
    for number in range(300):  # one by one, while it is watched
        (few / f"part{number}.py").write_text(f"N = {number}\n")
    made.mkdir()
    for number in range(5_000):
        (made / f"part{number}.py").write_text(f"N = {number}\n")
    made.rename(package)  # whole: no archive of a part of it is refused
    watched.save("ours/echo/handler.py", HANDLER.format(number=7))
    (watched.folder / "ours" / "common" / "words.py").write_text(
        "from common.few.part299 import N as M\nfrom common.many.part4999 import N\n\nWORD = M + N\n"
    )
    watched.wait_for_answer("watched-echo", "5298 7")
    watched.save("ours/echo/handler.py", HANDLER.format(number=8))
    watched.wait_for_answer("watched-echo", "5298 8")
    (watched.folder / "ours" / "common" / "words.py").write_text('WORD = "whole"\n')
    shutil.rmtree(package)
    shutil.rmtree(few)
    watched.wait_for_answer("watched-echo", "whole 8")


def test_a_second_watcher_is_refused(watched: Watched) -> None:
    code, out, err = sluice_here(watched.folder, "watch")
    assert (code, out) == (2, "")
    assert err.startswith("another `sluice watch` (process ")


def test_another_change_of_a_stack_is_deployed_and_afterwards_nothing_differs(watched: Watched) -> None:
    app = (watched.folder / "app.py").read_text()
    watched.save("app.py", app.replace("timeout=30", "timeout=40"))
    functions = watched.client("lambda")
    eventually(lambda: functions.get_function_configuration(FunctionName="watched-plain")["Timeout"] == 40)
    watched.wait_for("plain: deployed")
    assert "ours: deployed" not in watched.said()
    code, out, err = sluice_here(watched.folder, "up")
    waiting = "Waiting for `sluice watch`"  # where the watch is still about to say that it has deployed
    assert (code, [line for line in err.splitlines() if not line.startswith(waiting)]) == (0, [])
    assert out.splitlines()[-1] == "Unchanged since the last deployment, not planned (--plan-all): ours, plain"
    code, out, err = sluice_here(watched.folder, "review", "--local", "--json")
    assert {one["stack"]: one["changes"] for one in json.loads(out)} == {"ours": [], "plain": []}
