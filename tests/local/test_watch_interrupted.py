"""`sluice watch` when the local AWS is killed, and on a stack in an account."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sluice_cli.local_aws.server import LocalAws
from tests.support.commands import sluice
from tests.support.watching import HANDLER, PLAIN, Watched, watched_project, watching


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """With a local AWS of its own, which `watch` starts. A failure queue would take a minute at each deployment."""
    folder = watched_project(tmp_path_factory.mktemp("watched") / "project")
    local = LocalAws(folder / ".sluice" / "local")
    try:
        with watching(local, folder, "plain") as made:
            yield made
    finally:
        local.stop()


def test_watching_goes_on_after_the_local_aws_was_killed_and_started_again(watched: Watched) -> None:
    running = watched.local.running()
    assert running
    os.killpg(running.pid, signal.SIGKILL)
    watched.wait_for("the local AWS is not running: `sluice up` starts it again; still watching")
    after = watched.save("plain/index.py", PLAIN.format(number=1))
    code, _, err = sluice(watched.folder, "up", "plain")
    assert (code, err) == (0, "")
    watched.wait_for("the local AWS is back", after)
    assert watched.answer("watched-plain") == "plain 1"
    watched.save("plain/index.py", PLAIN.format(number=2))
    watched.wait_for_answer("watched-plain", "plain 2")


@pytest.fixture(scope="module")
def account(watched: Watched) -> dict[str, str]:
    """The environment of an account: the local AWS as any AWS that the caller's variables lead to."""
    return watched.local.environment()


@pytest.fixture(scope="module")
def in_account(watched: Watched, account: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stack is deployed in the account."""
    folder = watched_project(tmp_path_factory.mktemp("account") / "project")
    (folder / ".sluice").mkdir()
    (folder / ".sluice" / "local").symlink_to(watched.local.folder)  # its credentials are known to be no account's
    app = folder / "app.py"
    app.write_text(app.read_text().replace("watched-echo", "account-echo"))
    code, out, err = sluice(folder, "deploy", "ours", "--yes", variables=account)
    assert code == 0, out + err
    return folder


def test_in_an_account_code_is_pushed_and_the_next_plan_knows_it(
    watched: Watched, account: dict[str, str], in_account: Path
) -> None:
    with watching(watched.local, in_account, "ours", "--account", variables=account) as made:
        after = made.save("ours/echo/handler.py", HANDLER.format(number=1))
        made.wait_for_answer("account-echo", "ours 1")
        made.wait_for("ours: Terraform's state holds the new code", after)
        app = (in_account / "app.py").read_text()
        after = made.save("app.py", app.replace('name="account-echo"', 'name="account-echo", timeout_seconds=77'))
        made.wait_for("ours: more than code changed: `sluice deploy`", after)
        function = made.client("lambda").get_function_configuration(FunctionName="account-echo")
        assert function["Timeout"] != 77
    (in_account / "app.py").write_text(app)
    code, out, err = sluice(in_account, "deploy", "ours", "--yes", variables=account)
    assert (code, err) == (0, "")
    assert "No changes. Your infrastructure matches the configuration." in out


@pytest.mark.parametrize(
    ("variables", "stacks", "said"),
    [
        ({"ENVIRONMENT_SUFFIX": "prod"}, ["ours"], "ENVIRONMENT_SUFFIX=prod is a protected environment"),
        ({"ENVIRONMENT_SUFFIX": "live", "PROTECTED_ENVIRONMENTS": "live, eu"}, ["ours"], "=live is a protected"),
        ({}, [], "--account: name one stack"),
        ({}, ["plain"], "--account: plain is not deployed: run `sluice deploy plain` first"),
    ],
)
def test_an_account_is_not_watched_where_it_is_protected_or_nothing_is_deployed(
    account: dict[str, str], in_account: Path, variables: dict[str, str], stacks: list[str], said: str
) -> None:
    code, _, err = sluice(in_account, "watch", *stacks, "--account", variables={**account, **variables})
    assert code == 2
    assert said in err
