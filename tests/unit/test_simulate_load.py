"""`sluice simulate-load` on projects of others: what it prints, draws and refuses."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sluice_cli.__main__ import main
from sluice_cli.project import FILE

FUNCTION = "${aws_lambda_function.F.arn}"
STACKS: dict[str, dict[str, Any]] = {
    "api": {
        "aws_lambda_function": {"F": {"function_name": "f"}},
        "aws_apigatewayv2_api": {"A": {"name": "a", "protocol_type": "HTTP"}},
        "aws_apigatewayv2_integration": {"I": {"api_id": "${aws_apigatewayv2_api.A.id}", "integration_uri": FUNCTION}},
    },
    "nightly": {
        "aws_lambda_function": {"F": {"function_name": "f"}},
        "aws_scheduler_schedule": {"S": {"schedule_expression": "rate(6 hours)", "target": {"arn": FUNCTION}}},
    },
    "queues": {"aws_sqs_queue": {"Q": {"name": "q"}}},
    "nothing": {"terraform_data": {"note": {"input": "kept"}}},
}
# What CDKTF's library would write.
APP = """
import json, os, pathlib
stacks = json.loads(pathlib.Path("stacks.json").read_text())
out = pathlib.Path(os.environ["CDKTF_OUTDIR"])
entries = {}
for name, resources in stacks.items():
    file = out / "stacks" / name / "cdk.tf.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"provider": {"aws": [{"region": "eu-central-1"}]}, "resource": resources}))
    entries[name] = {"name": name, "workingDirectory": f"stacks/{name}", "dependencies": [],
                     "synthesizedStackPath": f"stacks/{name}/cdk.tf.json"}
(out / "manifest.json").write_text(json.dumps({"version": "0.21.0", "stacks": entries}))
"""

Simulated = Callable[..., tuple[int, str, str]]


@pytest.fixture
def simulate(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Simulated:
    """Runs the command on a project whose app writes these stacks: the exit code, and both outputs."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "stacks.json").write_text(json.dumps(STACKS))
    app = f"{shlex.quote(sys.executable)} app.py"
    (tmp_path / FILE).write_text(json.dumps({"language": "any", "app": app}))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sluice", "simulate-load", "--project", str(tmp_path), *arguments])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_report_of_an_api_says_what_finished_what_limits_it_and_what_helps(simulate: Simulated) -> None:
    code, said, error = simulate("api", "--rate", "12000", "--minutes", "1")
    assert code == 0, error
    lines = said.splitlines()
    assert lines[0] == "api: 12,000 events a second, steady, for 60 s (eu-central-1)"
    assert lines[2] == "  Events come in at: A"
    (highest,) = [line for line in lines if line.startswith("The highest steady rate without failures, as it is: ")]
    # 1,000 environments and runs of 100 ms: 10,000 a second, less what randomness and the API's bucket leave.
    assert highest.split(": ")[1].startswith(("8,", "9,"))
    assert any("quota of Lambda's concurrent executions 1,000 → 1,500" in line for line in lines)
    assert (
        "Note: F function: not in the work file; 100 ms for each message, and each call that it may make once" in said
    )


def test_a_schedule_needs_no_rate_and_is_drawn(simulate: Simulated, tmp_path: Path) -> None:
    picture = tmp_path / "nightly.svg"
    code, said, error = simulate("nightly", "--json", "--picture", str(picture))
    assert code == 0, error
    found = json.loads(said)
    assert (found["schedule"], found["seconds"]) == ("rate(6 hours)", 86_400)
    assert (found["events"]["arrived"], found["events"]["finished"]) == (3, 3)
    assert found["highest_steady_rate"] is None
    code, said, _ = simulate("nightly", "--rate", "50", "--no-advice")
    assert said.splitlines()[:2] == [
        "nightly: 3 runs of rate(6 hours), for 24 h (eu-central-1)",
        "  A schedule starts runs at its own times; --rate is not used",
    ]
    texts = [one.text for one in ElementTree.fromstring(picture.read_text()).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    assert texts[0] == "nightly: 3 runs of rate(6 hours)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["apj", "--rate", "1"], "apj"),
        (["api"], "--rate: none is given; give a number of events a second"),
        *[
            (
                ["api", "--rate", rate],
                f"--rate: '{rate}' is given; give a number of events a second above 0, at most 10,",
            )
            for rate in ("0", "-1", "1e12", "nan", "inf", "many", "")
        ],
        (
            ["api", "--rate", "1", "--hours", "nan"],
            "--hours: 'nan' is given; give a number of hours above 0, at most 168",
        ),
        (["api", "--rate", "1", "--minutes", "-1"], "--minutes: '-1' is given; give a number of minutes above 0"),
        (
            ["api", "--rate", "1", "--pattern", "bursty"],
            "--pattern: 'bursty' is not known; did you mean burst? (known:",
        ),
        (["api", "--rate", "1", "--quota", "lambda=5"], "--quota 'lambda=5': AWS raises no quota 'lambda'"),
        (["api", "--rate", "1", "--entry", "Queue"], "--entry: 'Queue' brings no events to api (it has: A)"),
        (["api", "--rate", "1", "--work", "no.toml"], "--work: no.toml cannot be read: No such file or directory"),
        (["api", "--rate", "1", "--picture", "load.gif"], "--picture: load.gif is given; end the name with .svg or .p"),
        (["queues", "--rate", "1"], "queues: nothing brings events from outside to a function (a bucket's notificat"),
        (["nothing", "--rate", "1"], "nothing: nothing brings events from outside to a function (a bucket's notific"),
    ],
)
def test_input_that_makes_no_sense_is_refused_in_words(simulate: Simulated, arguments: list[str], message: str) -> None:
    code, said, error = simulate(*arguments)
    assert (code, said) == (2, "")
    assert message in error.replace("\n", " ")
    assert "Traceback" not in error
