"""The curl commands of docs/systems.md, as printed, with the curl of this machine."""

import re
import subprocess
from functools import partial

import pytest

from checks import ROOT
from tests.support.deployed import ENVIRONMENT, Deployment
from tests.support.waiting import eventually

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LOCAL = '"$LOCAL_AWS_USER"'


@pytest.fixture
def commands() -> list[str]:
    """The commands for the local AWS: upload an object, query it."""
    blocks = BLOCK.findall((ROOT / "docs" / "systems.md").read_text())
    return [block for block in blocks if "curl" in block and LOCAL in block]


def test_the_printed_commands_upload_and_find_an_object(deployment: Deployment, commands: list[str]) -> None:
    outputs = deployment.outputs("object-tracker")
    assert any("-T README.md" in one for one in commands)
    assert any("/live/objects?key=" in one for one in commands)

    def run(text: str) -> "subprocess.CompletedProcess[str]":
        own = text.replace("-dev-", f"-{ENVIRONMENT}-").replace("API_ID", outputs["ApiId"])
        own = own.replace(". .sluice/local/env", "").replace("curl ", "curl --silent --show-error --fail-with-body ")
        environment = deployment.local.folder / "env"
        return subprocess.run(
            ["sh", "-euc", f". '{environment}'\n{own}"], cwd=ROOT, capture_output=True, text=True, check=False
        )

    def answers(text: str) -> bool:
        # The function may still be at work: no row yet is a 404.
        done = run(text)
        return done.returncode == 0 and "docs/README.md" in done.stdout

    upload, *others = sorted(commands, key=lambda one: "-T README.md" not in one)
    uploaded = run(upload)
    assert uploaded.returncode == 0, uploaded.stdout + uploaded.stderr
    for one in others:
        eventually(partial(answers, one), within=60)
