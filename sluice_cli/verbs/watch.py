"""Deploy to the local AWS, and run saved files: code immediately, other changes by Terraform."""

import argparse
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sluice_cli.arguments import add_project, add_stacks, project_of
from sluice_cli.deployment.local import up
from sluice_cli.deployment.snapshots import resume
from sluice_cli.errors import InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.project import Project
from sluice_cli.target import Target, account_of_caller, local_aws_of
from sluice_cli.terminal import console
from sluice_cli.watching.account import check_account_watch, watched_account
from sluice_cli.watching.watcher import Watcher, record_sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    parser.add_argument(
        "--account",
        action="store_true",
        help="one stack in the account of your credentials: its functions' code only, never in a protected environment",
    )


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    with _only_watcher(project):
        record_sources(project)
        if arguments.account:
            check_account_watch(project, arguments.stacks)
            target: Target = watched_account(account_of_caller(project), arguments.stacks)
        else:
            with project.locked("`sluice watch`"):
                if kept := resume(project):
                    console.print(f"Local AWS: continues from its state of {kept.made}", markup=False)
                target = up(project, local_aws_of(project), arguments.stacks)
        Watcher(project, target, arguments.stacks).run()
    return ExitCode.DONE


@contextmanager
def _only_watcher(project: Project) -> Iterator[None]:
    """Two watchers would upload over each other. Raises `InputError` if another one watches the project."""
    with (project.private_folder / "watch.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise InputError(f"another `sluice watch` (process {file.read().strip()}) watches this project") from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
