"""The outputs of deployed stacks."""

import argparse
import json

from sluice_cli.arguments import add_json, add_local, add_project, add_stacks, project_of
from sluice_cli.deployed.readable import UnreadableStacks
from sluice_cli.stack import Stack, deployed_stacks
from sluice_cli.target import target_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_local(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    target = target_of(project_of(arguments), local=arguments.local, quiet=arguments.json)
    unreadable = UnreadableStacks()
    described = unreadable.read(deployed_stacks(target, arguments.stacks), Stack.described_outputs)
    if arguments.json:
        values = {name: {key: one["value"] for key, one in outputs.items()} for name, outputs in described.items()}
        print(json.dumps(values, indent=2))
        return unreadable.exit_code
    for name, outputs in described.items():
        for key, one in sorted(outputs.items()):
            value = one["value"] if isinstance(one["value"], str) else json.dumps(one["value"])
            # Scripts ask for --json, which has it.
            print(f"{name}.{key} = {'(sensitive)' if one.get('sensitive') else value}")
    return unreadable.exit_code
