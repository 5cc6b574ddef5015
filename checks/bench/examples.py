"""The examples beside the same systems in AWS CDK (peers/cdk_examples): code, policies, findings and synth time.

`python -m checks.bench.examples` renews the page's counts and keeps the synth times that `make bench` measured.
"""

import ast
import io
import json
import tempfile
import tokenize
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from modules._testing.policies import SynthesizedPolicies
from sluice_cli.scanning import scanners
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import judge

from . import report
from .measure import Program, in_turn, run, together
from .places import CDK_PYTHON, DOCS, EXAMPLES, PEERS, PYTHON, QUIET, ROOT
from .table import Comparison, compare

CDK_EXAMPLES = PEERS / "cdk_examples"
SHARED = CDK_EXAMPLES / "operations.py"
OURS, CDK = "ours", "AWS CDK"
PAGE = "examples-and-cdk"

Statement = Mapping[str, Any]

# The statements of AWS's managed policies that the CDK attaches.
MANAGED: dict[str, list[Statement]] = {
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
    "AWSLambdaBasicExecutionRole": [
        {"actions": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "resources": ["*"]}
    ],
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
    "AWSCodeDeployRoleForLambdaLimited": [
        {
            "actions": [
                "cloudwatch:DescribeAlarms",
                "lambda:UpdateAlias",
                "lambda:GetAlias",
                "lambda:GetProvisionedConcurrencyConfig",
            ],
            "resources": ["*"],
        },
        {"actions": ["s3:GetObject", "s3:GetObjectVersion"], "resources": ["arn:aws:s3:::*/CodeDeploy/*"]},
        {"actions": ["s3:GetObject", "s3:GetObjectVersion"], "resources": ["*"]},
        {"actions": ["lambda:InvokeFunction"], "resources": ["arn:aws:lambda:*:*:function:CodeDeployHook_*"]},
    ],
}


@dataclass(frozen=True)
class Figures:
    """What one version of an example has. `actions` are those that the statements of roles allow; `wildcards` counts
    actions with `*`, and resources that are `*`. `findings` are Checkov's, of which some are accepted with a reason.
    """

    lines: int
    resources: int
    statements: int
    actions: int
    wildcards: int
    findings: int | None = None
    accepted: int | None = None


def names() -> list[str]:
    """The examples that have a version in the CDK."""
    return [
        one for one in sorted(path.parent.name for path in EXAMPLES.glob("*/cdktf.json")) if _cdk_file(one).exists()
    ]


def synth(folder: Path, runs: int) -> Iterator[Comparison]:
    """Synth times: each example and its version in the CDK, in turn."""
    made = programs(folder)
    measured = in_turn({f"{name}, {side}": one for name, both in made.items() for side, one in both.items()}, runs)
    for name in made:
        ours, cdk = ([one.seconds for one in measured[f"{name}, {side}"]] for side in (OURS, CDK))
        yield compare("examples", f"synth of {name}", CDK, "s", ours, cdk, 1.0)


def programs(folder: Path) -> dict[str, dict[str, Program]]:
    """What synthesizes each example, and its version in the CDK, by name and side."""
    site = _site(folder)
    made = {}
    outputs = {side: folder / side for side in ("ours", "cdk")}
    for output in outputs.values():
        output.mkdir()
    ours = {**QUIET, "CDKTF_OUTDIR": str(outputs["ours"]), "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    cdk = {**QUIET, "CDK_OUTDIR": str(outputs["cdk"]), "CDK_VALIDATION": "false"}
    for name in names():
        functions = str(EXAMPLES / name / "functions")
        made[name] = {
            OURS: Program([PYTHON, str(EXAMPLES / name / "main.py")], outputs["ours"], ours),
            CDK: Program([CDK_PYTHON, str(_cdk_file(name)), functions], outputs["cdk"], cdk),
        }
    return made


def synthesize(folder: Path) -> None:
    """Synthesize all examples and their versions in the CDK."""
    made = programs(folder)
    for side in (OURS, CDK):
        run(together([both[side] for both in made.values()]))


def figures(folder: Path) -> dict[str, dict[str, Figures]]:
    """The figures of all examples without Checkov's findings, from what is synthesized in the folder."""
    result = {}
    for name in names():
        terraform, template = _terraform(folder, name), _template(folder, name)
        package = EXAMPLES / name / name.replace("-", "_")
        result[name] = {
            OURS: Figures(
                sum(map(lines_of_code, [EXAMPLES / name / "main.py", *sorted(package.glob("*.py"))])),
                sum(len(blocks) for blocks in terraform["resource"].values()),
                *count_statements(_statements_of_terraform(terraform)),
            ),
            CDK: Figures(
                sum(map(lines_of_code, [_cdk_file(name), SHARED])),
                len(template["Resources"]),
                *count_statements(_statements_of_template(template)),
            ),
        }
    return result


def with_findings(folder: Path, figures: Mapping[str, Mapping[str, Figures]]) -> dict[str, dict[str, Figures]]:
    """The figures with Checkov's findings in the synthesized Terraform and in the templates. Raises `ScannerFailed`."""
    stacks = [ScannedStack(name, _terraform(folder, name), {}) for name in figures]
    templates = folder / "templates"
    for name in figures:
        (templates / name).mkdir(parents=True)
        (templates / name / "template.json").write_text(json.dumps(_template(folder, name), indent=2))
    ours = scanners.checkov(stacks, ["terraform_json"])
    found = {OURS: ours.findings, CDK: scanners.checkov_on(templates, ["cloudformation"]).findings}
    accepted = {OURS: [finding for finding, _ in judge(stacks, [ours]).accepted], CDK: []}
    return {
        name: {
            side: replace(
                one,
                findings=sum(finding.stack == name for finding in found[side]),
                accepted=sum(finding.stack == name for finding in accepted[side]),
            )
            for side, one in both.items()
        }
        for name, both in figures.items()
    }


def write(folder: Path, times: Sequence[Comparison], runs: int, machine: str) -> None:
    """Write the page and its figures: those of all examples, with the synth times that were measured."""
    with tempfile.TemporaryDirectory(prefix="examples-") as work:
        synthesize(Path(work))
        known = with_findings(Path(work), figures(Path(work)))
    by_name = {one.what.removeprefix("synth of "): one for one in times}
    shared = lines_of_code(SHARED)
    figures_as_json = {name: {side: asdict(one) for side, one in both.items()} for name, both in known.items()}
    (folder / f"{PAGE}.json").write_text(json.dumps({"shared": shared, "examples": figures_as_json}, indent=1) + "\n")
    template = (Path(__file__).parent / "examples.template.md").read_text()
    measured = f"{runs} paired runs; {machine}"
    page = template.replace("{table}", _table(known, by_name)).replace("{shared}", str(shared))
    (folder / f"{PAGE}.md").write_text(page.replace("{measured}", measured))


def _table(figures: Mapping[str, Mapping[str, Figures]], times: Mapping[str, Comparison]) -> str:
    rows = [
        "| example | | lines | resources | statements | actions | wildcards | Checkov's findings | synth |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, both in figures.items():
        time = times[name]
        synth = {
            OURS: f"{time.ours.median:.1f} s: {time.ratio.median:.2f} of the CDK's "
            f"({time.ratio.lowest:.2f} to {time.ratio.highest:.2f})",
            CDK: f"{time.theirs.median:.1f} s",
        }
        for side, one in both.items():
            findings = f"{one.findings}" + (f", {one.accepted} accepted with a reason" if one.accepted else "")
            rows.append(
                f"| {name if side == OURS else ''} | {'Sluice' if side == OURS else CDK} | {one.lines} | "
                f"{one.resources} | {one.statements} | {one.actions} | {one.wildcards} | {findings} | {synth[side]} |"
            )
    return "\n".join(rows)


def lines_of_code(file: Path) -> int:
    """Lines with code: without blank lines, comments and docstrings."""
    source = file.read_text(encoding="utf-8")
    without = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in without
        for line in range(token.start[0], token.end[0] + 1)
    }
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


def count_statements(statements: Sequence[Statement]) -> tuple[int, int, int]:
    """How many statements allow something, how many actions they name, and how many wildcards are in them."""
    actions = [action for one in statements for action in one["actions"]]
    resources = [resource for one in statements for resource in one["resources"]]
    wildcards = sum("*" in action for action in actions) + sum(resource == "*" for resource in resources)
    return len(statements), len(actions), wildcards


def _statements_of_terraform(terraform: Mapping[str, Any]) -> list[Statement]:
    policies = SynthesizedPolicies(dict(terraform))
    statements = [one for role in terraform["resource"]["aws_iam_role"] for one in policies.statements(role)]
    return [one for one in statements if one.get("effect", "Allow") == "Allow"]


def _statements_of_template(template: Mapping[str, Any]) -> list[Statement]:
    documents, managed = [], []
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            documents.append(properties["PolicyDocument"])
        elif resource["Type"] == "AWS::IAM::Role":
            documents += [one["PolicyDocument"] for one in properties.get("Policies", [])]
            managed += [
                json.dumps(arn).rstrip('"]}').rpartition("/")[2] for arn in properties.get("ManagedPolicyArns", [])
            ]
    return [
        *(statement for name in managed for statement in MANAGED[name]),
        *(
            {"actions": _listed(one["Action"]), "resources": _listed(one["Resource"])}
            for document in documents
            for one in document["Statement"]
            if one["Effect"] == "Allow"
        ),
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _terraform(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / "ours" / "stacks" / name / "cdk.tf.json").read_text()))


def _template(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / "cdk" / f"{name}.template.json").read_text()))


def _cdk_file(name: str) -> Path:
    return CDK_EXAMPLES / f"{name.replace('-', '_')}.py"


def _site(folder: Path) -> Path:
    """A folder with the packages as they are once installed: the classes, and the toolkit with its metadata."""
    dist, site = folder / "dist", folder / "site"
    source = ROOT / "sluice_functions"
    run(Program([PYTHON, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(dist), str(source)], ROOT))
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "sluice").symlink_to(ROOT / "modules")
    return site


if __name__ == "__main__":
    write(DOCS, *report.saved(DOCS, "examples"))
