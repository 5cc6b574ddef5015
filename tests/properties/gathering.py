"""Collects constructs with generated arguments in one stack, which Terraform validates."""

import inspect
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import modules  # noqa: F401 - first: it prepares the provider binding and jsii

# isort: split
from cdktf import App, TerraformStack, TerraformVariable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct
from hypothesis import strategies as st

from modules import ConfigurationError
from sluice_cli.terraform.mirror import terraform_environment

Option = TypeVar("Option")

# Placeholders for tokens of variables in the stack under construction.
TEXT_TOKEN, NUMBER_TOKEN = "<text>", "<number>"

ODD_TEXTS = ["", "A B", "données", "x" * 64, "x" * 300, "${", "${a", "%{a", '"\\', "a/b", "a\nb", "None", "*", "-", "."]

GOOD_NAMES = st.from_regex(r"\A[a-z][a-z0-9]{2,20}(-[a-z0-9]{1,10}){0,2}\Z")
TEXTS = st.one_of(st.sampled_from(ODD_TEXTS), st.text(max_size=20), st.sampled_from([TEXT_TOKEN, f"in-{TEXT_TOKEN}"]))
NAMES = st.one_of(GOOD_NAMES, GOOD_NAMES, TEXTS)
NUMBERS: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([0, 1, -1, 0.5, float("nan"), float("inf"), 1e300, 10**400, True, "30", None, NUMBER_TOKEN]),
    st.integers(-10, 20_000),
)


def numbers(*good: float) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(good), st.sampled_from(good), NUMBERS)


def options(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def options_of(good: Option, *positions: st.SearchStrategy[Any], **names: st.SearchStrategy[Any]) -> Any:
    """Options of the class of `good`, which is used if that class refuses the generated ones."""

    def make(*arguments: Any, **options: Any) -> Option:
        try:
            return type(good)(*arguments, **options)
        except ConfigurationError:
            return good

    return st.builds(make, *positions, **names)


class Gathering:
    """A stack with everything that was accepted; refused constructs leave nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = App(outdir=str(folder / "out"))
        self.stack = TerraformStack(self.app, "stack")
        AwsProvider(self.stack, "Aws", region="us-east-1")
        self.text = str(TerraformVariable(self.stack, "Text", type="string").string_value)
        self.number = TerraformVariable(self.stack, "Number", type="number").number_value
        self.code = folder / "worker"
        self.code.mkdir()
        (self.code / "handler.py").write_text("def handle(event, context): ...\n")
        self.tried = 0
        self.accepted = 0

    def make(self, build: Callable[[Construct], object]) -> None:
        self.tried += 1
        scope = Construct(self.stack, f"Example{self.tried}")
        try:
            build(scope)
        except ConfigurationError as error:
            message = str(error)
            self.stack.node.try_remove_child(scope.node.id)
        else:
            self.accepted += 1
            return
        assert len(message) > len("function: ")
        assert "object at 0x" not in message

    def given(self, value: Any) -> Any:
        """The value with this stack's tokens."""
        if isinstance(value, str):
            return self.number if value == NUMBER_TOKEN else value.replace(TEXT_TOKEN, self.text)
        if isinstance(value, dict):
            return {self.given(name): self.given(item) for name, item in value.items()}
        return [self.given(item) for item in value] if isinstance(value, list) else value

    def validate(self) -> None:
        """Let Terraform validate everything that was accepted."""
        inspect.unwrap(App.synth)(self.app)  # without the check for duplicate names, which examples share
        folder = self.folder / "out" / "stacks" / "stack"
        leave_out_repetitions(folder / "cdk.tf.json")
        environment = terraform_environment(os.environ, self.folder / "terraform.rc")
        for command in (["init", "-backend=false", "-input=false"], ["validate"]):
            done = subprocess.run(
                ["terraform", *command, "-no-color"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


# The number of an example, and the hash of its constructs' paths.
OF_ONE_EXAMPLE = re.compile(r"(?<=Example)\d+|_[0-9A-F]{8}\b")
REFERENCE = re.compile(r"\.(Example\w+)")


def leave_out_repetitions(file: Path) -> None:
    """Leave out blocks with the same content as those of other examples, from those on which nothing depends to those
    on which they depend: Terraform would say the same of them.
    """
    written = json.loads(file.read_text())
    blocks_of = [blocks for kind in ("resource", "data") for blocks in written[kind].values()]
    size = None
    while size != (size := sum(map(len, blocks_of))):
        referred = set(REFERENCE.findall(json.dumps(written)))
        for blocks in blocks_of:
            seen = set()
            for name, block in list(blocks.items()):
                content = OF_ONE_EXAMPLE.sub("", f"{name} {json.dumps(block)}")
                if content in seen and name not in referred:
                    del blocks[name]
                seen.add(content)
    file.write_text(json.dumps(written))
