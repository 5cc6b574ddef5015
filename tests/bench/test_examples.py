"""The examples beside the AWS CDK: both synthesize, and the committed table says what they have."""

import json
from dataclasses import asdict
from pathlib import Path

from checks.bench import examples
from checks.bench.places import CDK_PYTHON, DOCS, EXAMPLES


def test_lines_of_code_are_those_with_code(tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text(
        '"""A docstring\n\nof three lines."""\n\n# a comment\nimport os  # with a comment\n\n\n'
        'def f():\n    """What it does."""\n    text = """two\n    lines"""\n    return (\n        text\n    )\n'
    )
    assert examples.lines_of_code(file) == 7


def test_statements_actions_and_wildcards_are_counted() -> None:
    statements = [
        {"actions": ["s3:GetObject*", "s3:PutObject"], "resources": ["arn:aws:s3:::files/*"]},
        {"actions": ["xray:PutTraceSegments"], "resources": ["*"]},
    ]
    assert examples.count_statements(statements) == (2, 3, 2)
    assert examples.count_statements([]) == (0, 0, 0)


def test_every_example_has_a_version_in_the_cdk() -> None:
    assert examples.names() == sorted(path.parent.name for path in EXAMPLES.glob("*/cdktf.json"))


def test_both_versions_of_each_example_synthesize_and_the_table_has_their_figures(tmp_path: Path) -> None:
    assert Path(CDK_PYTHON).exists(), "the AWS CDK is not installed: run `sh scripts/setup.sh bench`"
    examples.synthesize(tmp_path)
    counted = {
        name: {side: asdict(figures) for side, figures in both.items()}
        for name, both in examples.figures(tmp_path).items()
    }
    committed = json.loads((DOCS / f"{examples.PAGE}.json").read_text())["examples"]
    for both in committed.values():
        for figures in both.values():
            figures.update(findings=None, accepted=None)  # Checkov's checks change with its version
    renew = "run `python -m checks.bench.examples`, or `make bench PARTS=examples` for the times too"
    assert counted == {name: committed[name] for name in counted}, renew
