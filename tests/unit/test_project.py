"""The tool in other people's projects: which project it uses, how it runs the app, and its messages.

Apps are shell scripts here: they can write anything, and start quickly.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import pytest

from checks import ROOT
from sluice_cli.__main__ import HELP, VERBS
from sluice_cli.arguments import one_stack
from sluice_cli.command_line import run
from sluice_cli.errors import InputError
from sluice_cli.exit_codes import MEANINGS, ExitCode
from sluice_cli.project import FILE
from sluice_cli.stack import Stack
from sluice_cli.target import Target

# Writes the stacks in STACKS: NAME, or NAME:DEPENDENCY.
APP = """
echo 'the app is running'
mkdir -p "$CDKTF_OUTDIR"
entries=''
for stack in $STACKS; do
  name=${stack%%:*} needs=''
  [ "$stack" = "$name" ] || needs="\\"${stack#*:}\\""
  mkdir -p "$CDKTF_OUTDIR/stacks/$name"
  echo '{"resource": {"terraform_data": {"a": {}}}}' >"$CDKTF_OUTDIR/stacks/$name/cdk.tf.json"
  entries="$entries${entries:+,}\\"$name\\": {\\"workingDirectory\\": \\"stacks/$name\\", \\"dependencies\\": [$needs]}"
done
echo "{\\"stacks\\": {$entries}}" >"$CDKTF_OUTDIR/manifest.json"
"""
STACKS = {"STACKS": "web:data data"}


def make(folder: Path, app: str = "sh app.sh", **document: object) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "app.sh").write_text(APP)
    (folder / FILE).write_text(json.dumps({"app": app, **document}))
    return folder


Sluice = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sluice(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Sluice:
    """Runs the tool in a folder, in this process: exit code, output and error output."""

    def run_in(
        folder: Path, *arguments: str, variables: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            for name, value in variables.items():
                patch.setenv(name, value)
            capfd.readouterr()
            try:
                code = run("sluice", "", VERBS, arguments)
            except SystemExit as end:
                code = int(end.code or 0)
            return code, *capfd.readouterr()

    return run_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path / "project")


def test_without_a_project_every_command_gives_advice_and_creates_nothing(sluice: Sluice, tmp_path: Path) -> None:
    for verb in ("up", "down", "synth", "list", "deploy", "review", "failures", "outputs", "scan", "diagram"):
        code, out, err = sluice(tmp_path, verb)
        assert (code, out) == (ExitCode.WRONG_INPUT, "")
        assert err.startswith(f"no cdktf.json in {tmp_path} or above it: go to a CDKTF project's folder, ")
    assert list(tmp_path.iterdir()) == []


def test_a_command_works_on_the_nearest_project_upwards_or_on_the_one_that_is_named(
    sluice: Sluice, project: Path
) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)
    names = (ExitCode.DONE, "data\nweb (after data)\n", "the app is running\n")
    assert sluice(below, "list", variables=STACKS) == names
    assert sluice(ROOT, "list", "--project", str(project), variables=STACKS) == names
    other = make(project / "nested")
    assert sluice(other, "list", variables={"STACKS": "own"})[1] == "own\n"


def test_a_context_may_hold_settings_of_the_apps_own(sluice: Sluice, tmp_path: Path) -> None:
    own = {
        "project": "x",
        "PROJECT": "x",
        "PROJECTS": "y",
        "stateBucket": "z",
        "team": {"name": "a"},
        "PROJECT_NAME": "w",
    }
    folder = make(tmp_path / "project", context=own)
    assert sluice(folder, "list", variables=STACKS)[0] == ExitCode.DONE


def test_an_app_without_stacks_is_reported(sluice: Sluice, project: Path) -> None:
    code, out, err = sluice(project, "list", variables={"STACKS": ""})
    assert (code, out, err.splitlines()[-1]) == (ExitCode.DONE, "", f"the app of {project} synthesizes no stack")
    code, out, _ = sluice(project, "list", "--json", variables={"STACKS": ""})
    assert (code, json.loads(out)) == (ExitCode.DONE, {"project": str(project), "stacks": []})


def test_an_option_that_a_command_does_not_have_is_named_with_the_nearest_one(sluice: Sluice, project: Path) -> None:
    code, out, err = sluice(project, "list", "--jsn")
    assert (code, out) == (ExitCode.WRONG_INPUT, "")
    assert err.startswith("usage: sluice list ")
    assert err.endswith("sluice list: it takes no option --jsn; did you mean --json?\n")
    assert sluice(project, "new", "a", "b")[2].endswith("sluice new: it takes no argument b\n")


def test_a_folder_that_is_named_has_to_be_a_project(sluice: Sluice, project: Path) -> None:
    (project / "a").mkdir()
    code, _, err = sluice(ROOT, "list", "--project", str(project / "a"))
    assert (code, err) == (ExitCode.WRONG_INPUT, f"--project: {project / 'a'} has no cdktf.json\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON: line 1, column 2"),
        ("[]", "an object is expected"),
        ("{}", "`app` has to be the command that synthesizes"),
        ('{"app": " "}', "`app` has to be"),
        ('{"app": ["python", "main.py"]}', "`app` has to be"),
        ('{"app": "true", "output": 5}', "`output` has to be a folder's name"),
        ('{"app": "true", "output": "."}', "`output` is ., which has the project in it: give a folder of its own"),
        ('{"app": "true", "output": ".."}', "`output` is .., which has the project in it"),
        ('{"app": "true", "output": "/"}', "`output` is /, which has the project in it"),
        ('{"app": "true", "context": []}', "`context` an object"),
        (
            '{"app": "true", "context": {"STATE_BUKET": "x"}}',
            "has STATE_BUKET, which is not a setting; did you mean STATE_BUCKET?",
        ),
        ('{"app": "true", "context": {"PROJCT": "x"}}', "did you mean PROJECT?"),
        (
            '{"app": "true", "context": {"excludeStackIdFromLogicalId": "true"}}',
            "did you mean excludeStackIdFromLogicalIds?",
        ),
        ("\xff", "is not JSON"),
    ],
)
def test_a_cdktf_json_that_is_wrong_is_named_with_what_is_wrong(
    sluice: Sluice, project: Path, text: str, said: str
) -> None:
    (project / FILE).write_text(text)
    code, _, err = sluice(project, "synth")
    assert (code, err.count("\n")) == (ExitCode.WRONG_INPUT, 1)
    assert err.startswith(f"{project / FILE}")
    assert said in err


@pytest.mark.parametrize(
    ("app", "code", "end"),
    [
        ("echo 'PROJECT: wrong' >&2; exit 2", 2, "ended with exit code 2"),
        ("echo 'PROJECT: wrong' >&2; exit 1", 1, "ended with exit code 1"),
        ("echo 'PROJECT: wrong' >&2; exit 77", 1, "ended with exit code 77"),
        ("echo 'PROJECT: wrong' >&2; kill -9 $$", 1, "was ended by SIGKILL"),
    ],
)
def test_a_failing_apps_message_is_shown_and_the_earlier_result_kept(
    sluice: Sluice, project: Path, app: str, code: int, end: str
) -> None:
    sluice(project, "synth", variables=STACKS)
    before = (project / "cdktf.out" / "manifest.json").read_text()
    make(project, app)
    found, out, err = sluice(project, "synth")
    assert (found, out) == (code, "")
    assert err == f"PROJECT: wrong\nthe app failed: `{app}` {end}; its own message is above\n"
    assert (project / "cdktf.out" / "manifest.json").read_text() == before


def test_a_missing_app_is_reported_by_the_shell_and_by_the_tool(sluice: Sluice, project: Path) -> None:
    make(project, "no-such-program main.py")
    code, _, err = sluice(project, "synth")
    assert code == ExitCode.FAILED
    assert "no-such-program: not found" in err
    assert err.endswith("ended with exit code 127; its own message is above\n")


def test_an_app_that_writes_nothing_gets_advice(sluice: Sluice, project: Path) -> None:
    make(project, "true")
    code, _, err = sluice(project, "list")
    assert code == ExitCode.FAILED
    assert err.startswith("the app wrote no ")
    assert "app.synth()" in err


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"stacks": []}', '{"stacks": {"a": {}}}', '{"stacks": {"a": 5}}']
)
def test_a_manifest_that_cdktf_does_not_write_is_refused(sluice: Sluice, project: Path, manifest: str) -> None:
    make(project, f"""mkdir -p "$CDKTF_OUTDIR"; echo '{manifest}' >"$CDKTF_OUTDIR/manifest.json" """)
    code, _, err = sluice(project, "synth")
    assert code == ExitCode.WRONG_INPUT
    assert err.endswith("manifest.json is not a manifest that CDKTF writes: only `app.synth()` may write there\n")


def test_a_stack_in_hcl_is_refused(sluice: Sluice, project: Path) -> None:
    make(project, 'sh app.sh; mv "$CDKTF_OUTDIR/stacks/data/cdk.tf.json" "$CDKTF_OUTDIR/stacks/data/cdk.tf"')
    code, _, err = sluice(project, "synth", variables=STACKS)
    assert code == ExitCode.WRONG_INPUT
    assert "the tool reads Terraform JSON, not HCL" in err


def test_app_output_is_passed_on_and_kept_out_of_the_json(sluice: Sluice, project: Path) -> None:
    code, out, err = sluice(project, "synth", variables=STACKS)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "the app is running"
    for verb in ("synth", "list"):
        _, out, err = sluice(project, verb, "--json", variables=STACKS)
        assert err == "the app is running\n"
        json.loads(out)


def test_an_app_gets_the_context_and_the_output_folder_as_from_cdktf(sluice: Sluice, project: Path) -> None:
    make(project, 'env >"$PWD/seen"; sh app.sh', context={"team": "ours"}, output="elsewhere")
    sluice(project, "synth", variables={**STACKS, "CDKTF_OUTDIR": "/nowhere", "CDKTF_CONTEXT_JSON": "{}"})
    seen = dict(line.partition("=")[::2] for line in (project / "seen").read_text().splitlines())
    assert json.loads(seen["CDKTF_CONTEXT_JSON"]) == {"team": "ours"}
    assert seen["CDKTF_OUTDIR"] == str(project / "elsewhere")
    assert (project / "elsewhere" / "stacks" / "web" / "cdk.tf.json").is_file()


def test_a_stack_that_is_not_synthesized_any_more_vanishes(sluice: Sluice, project: Path) -> None:
    sluice(project, "synth", variables=STACKS)
    _, out, _ = sluice(project, "synth", variables={"STACKS": "data"})
    assert out == f"the app is running\ndata: {project}/cdktf.out/stacks/data/cdk.tf.json\n"
    assert [one.name for one in (project / "cdktf.out" / "stacks").iterdir()] == ["data"]


def test_folders_that_are_no_synthesized_stacks_are_kept(sluice: Sluice, project: Path) -> None:
    own = project / "cdktf.out" / "stacks" / "own"
    own.mkdir(parents=True)
    (own / "notes.txt").write_text("mine")
    assert sluice(project, "synth", variables=STACKS)[0] == ExitCode.DONE
    assert (own / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "folder"), [("a/b", "stacks/0"), ("..", "stacks/0"), ("a", ".."), ("a", "/etc"), ("a", "stacks/../../a")]
)
def test_a_manifest_with_a_stack_outside_of_the_output_folder_is_refused(
    sluice: Sluice, project: Path, name: str, folder: str
) -> None:
    manifest = json.dumps({"stacks": {name: {"workingDirectory": folder}}})
    (project / "app.sh").write_text(f"mkdir -p $CDKTF_OUTDIR; echo '{manifest}' >$CDKTF_OUTDIR/manifest.json")
    for verb in ("synth", "list", "diagram"):
        code, out, err = sluice(project, verb)
        assert (code, out) == (ExitCode.WRONG_INPUT, "")
        assert f"stack {name!r} in " in err
        assert err.endswith("are expected\n")


def test_a_name_of_no_stack_is_refused_with_the_nearest_one(sluice: Sluice, project: Path) -> None:
    code, _, err = sluice(project, "synth", "wep", variables=STACKS)
    assert (code, err) == (2, "no stack is named wep; did you mean web? (the app synthesizes: web, data)\n")
    assert sluice(project, "synth", "x-y-z", variables=STACKS)[2] == (
        "no stack is named x-y-z (the app synthesizes: web, data)\n"
    )


def test_stacks_that_depend_on_each_other_in_a_circle_are_named(sluice: Sluice, project: Path) -> None:
    code, _, err = sluice(project, "list", variables={"STACKS": "a:b b:a"})
    assert code == ExitCode.WRONG_INPUT
    assert err.splitlines()[-1].startswith("stacks depend on each other in a circle: ")


def test_a_command_that_takes_one_stack_names_those_there_are(project: Path) -> None:
    stacks = [Stack(name, Target({}, project)) for name in ("data", "web")]
    with pytest.raises(InputError, match=r"^which stack\? Name one of: data, web$"):
        one_stack(stacks, None)
    assert one_stack(stacks[:1], None) == stacks[0]


NO_ACCOUNT = {
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ENDPOINT = {"AWS_ENDPOINT_URL": "https://127.0.0.1:9"}


@pytest.mark.parametrize("verb", ["deploy", "destroy", "review", "apply-reviewed", "state", "recover", "failures"])
def test_without_credentials_a_command_says_what_to_do_and_names_no_exception(
    sluice: Sluice, project: Path, verb: str
) -> None:
    code, out, err = sluice(project, verb, variables=NO_ACCOUNT)
    assert (code, out) == (ExitCode.WRONG_INPUT, "")
    assert err.startswith("no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    assert "Error" not in err
    assert not (project / "cdktf.out").exists()


def test_capturing_takes_one_id(sluice: Sluice, project: Path) -> None:
    code, _, err = sluice(project, "failures", "--capture", "all", variables=NO_ACCOUNT)
    said = "--capture: all is for --replay and --discard; give one id from the list\n"
    assert (code, err) == (ExitCode.WRONG_INPUT, said)


def test_a_profile_that_is_not_there_is_named(sluice: Sluice, project: Path) -> None:
    code, _, err = sluice(project, "deploy", variables={**NO_ACCOUNT, "AWS_PROFILE": "missing"})
    assert (code, err) == (ExitCode.WRONG_INPUT, "AWS_PROFILE: no profile is named missing\n")


@pytest.mark.parametrize("name", ["TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS", "TF_CLI_ARGS_plan"])
def test_variables_that_lead_terraform_elsewhere_are_refused_on_an_account(
    sluice: Sluice, project: Path, name: str
) -> None:
    code, _, err = sluice(project, "deploy", variables={**NO_ACCOUNT, name: "other"})
    assert (code, err) == (
        ExitCode.WRONG_INPUT,
        f"{name}: unset for this command; it makes Terraform work on something else than is shown\n",
    )


def test_credentials_of_a_real_account_are_not_sent_to_an_endpoint(sluice: Sluice, project: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIA" + "EXAMPLE0" * 2, "AWS_SECRET_ACCESS_KEY": "x"}
    code, _, err = sluice(project, "deploy", variables={**NO_ACCOUNT, **ENDPOINT, **keys})
    assert code == ExitCode.WRONG_INPUT
    assert err.startswith("AWS credentials: AKIAEXAM... (env) look like a real account's and AWS_ENDPOINT_URL is set")


def test_options_for_the_local_aws_need_it_to_be_running(sluice: Sluice, project: Path) -> None:
    for verb in ("outputs", "failures", "review", "recover"):
        code, _, err = sluice(project, verb, "--local", variables=STACKS)
        assert (code, err) == (1, "the local AWS is not running: run `sluice up` first\n")
    assert sluice(project, "down") == (0, "Local AWS: was not running\n", "")


def test_a_folder_that_cannot_be_written_is_a_message(sluice: Sluice, project: Path) -> None:
    (project / ".sluice").write_text("in the way")
    for verb in ("up", "down"):
        code, _, err = sluice(project, verb, variables=STACKS)
        assert (code, err) == (1, f"{project / '.sluice'}: File exists\n")


def test_an_output_folder_that_cannot_be_made_is_a_message_before_the_app_runs(sluice: Sluice, project: Path) -> None:
    (project / "taken").write_text("a file")
    document = json.loads((project / "cdktf.json").read_text())
    (project / "cdktf.json").write_text(json.dumps({**document, "output": "taken/out"}))
    code, out, err = sluice(project, "synth", variables=STACKS)
    assert (code, out) == (2, "")
    assert err == (
        f"{project / 'taken'} cannot be written to, so that there can be no out in it; work on a copy of the project "
        "that you may change\n"
    )


def test_the_tools_folder_ignores_itself_in_git(sluice: Sluice, project: Path) -> None:
    sluice(project, "down")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    seen = subprocess.run(["git", "status", "--porcelain"], cwd=project, check=True, capture_output=True, text=True)
    assert seen.stdout == "?? app.sh\n?? cdktf.json\n"


def test_a_verb_that_is_not_there_is_refused_with_the_nearest_one(sluice: Sluice, project: Path) -> None:
    code, _, err = sluice(project, "destory")
    assert code == ExitCode.WRONG_INPUT
    assert err.endswith("sluice: no command is named destory; did you mean destroy?\n")


def test_help_needs_no_library_and_no_time() -> None:
    watch = """
import sys
from sluice_cli.__main__ import main
try:
    main()
finally:
    heavy = {"boto3", "botocore", "rich", "pytest", "hypothesis", "cdktf", "jsii", "jinja2", "checkov"}
    print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", watch, "--help"], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stderr == "[]\n"
    assert "apply-reviewed" in done.stdout
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 3


def test_the_documented_exit_codes_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    assert [f"| {int(code)} | {meaning} |" in page for code, meaning in MEANINGS.items()] == [True] * len(ExitCode)


def test_every_command_is_documented_as_its_help_says() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    documented = dict(re.findall(r"^\| `([a-z][a-z-]*)(?: NAME)?` \| (.*) \|$", page, re.MULTILINE))
    assert documented == HELP


def options_of(command: str) -> set[str]:
    parser = argparse.ArgumentParser()
    import_module(VERBS[command].module).add_arguments(parser)
    return {option for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize("option", ["--project", "--local", "--json", "--yes", "--events"])
def test_an_option_is_documented_with_all_commands_that_have_it(option: str) -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    (documented,) = re.findall(rf"^\| `{option}(?: \w+)?` \| (.*?) \| ", page, re.MULTILINE)
    commands = {command for command in HELP if option in options_of(command)}
    named = set(re.findall(r"`([a-z-]+)`", documented))
    assert (set(HELP) - {"new"} if documented == "all" else named) == commands


def test_no_file_keeps_a_target_of_make_from_running() -> None:
    text = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    # Without assignments: of variables, and of a target's own.
    assert sorted(phony.split()) == sorted(re.findall(r"^([a-z-]+):(?!=| [A-Z]+ =)", text, re.MULTILINE))


def test_options_have_one_spelling_and_no_abbreviation(sluice: Sluice, project: Path) -> None:
    code, _, err = sluice(project, "synth", "--proj", str(project))
    assert code == ExitCode.WRONG_INPUT
    assert "it takes no option --proj; did you mean --project?" in err


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ("", ""),
        ("UNLOCK=yes ADOPT=yes LOCAL=yes", "--local --unlock --adopt"),
        ("UNLOCK=no ADOPT=no REMOVE=no LOCAL=no", ""),
        ("REMOVE=yes RESTORE=newest", "--remove --restore newest"),
    ],
)
def test_makes_variables_mean_what_they_say(variables: str, options: str) -> None:
    done = subprocess.run(
        # These tests may themselves run under make, which then prints the folder that it enters and leaves.
        ["make", "-n", "--no-print-directory", "-o", "installed", "recover", "SYSTEM=x", *variables.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.replace("\\\n", " ").split()
    assert sorted(words[words.index("recover") + 2 :]) == sorted(options.split())


@pytest.mark.parametrize("variable", ["UNLOCK=maybe", "ADOPT=1", "REMOVE=true", "LOCAL=y"])
def test_a_value_that_is_neither_yes_nor_no_is_an_error(variable: str) -> None:
    done = subprocess.run(
        ["make", "-n", "recover", "SYSTEM=x", variable], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"{variable}: give yes or no" in done.stderr
