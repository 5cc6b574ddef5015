"""A command line of verbs: modules with `add_arguments` and `run`, each imported only when it is called."""

import argparse
import importlib
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType
from typing import NoReturn

from sluice_cli.errors import SluiceError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.text import clean_lines, error_text

EXTRA_TOOL = "sluice-cdktf[tool]"
OF_EXTRA_TOOL = {"boto3", "botocore", "jinja2", "rich", "watchfiles", "yaml"}


@dataclass(frozen=True)
class Verb:
    """A verb: its module, and its help text."""

    module: str
    help: str


class Parser(argparse.ArgumentParser):
    """A parser whose errors end with the exit code of wrong input."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.WRONG_INPUT, f"{self.format_usage()}{self.prog}: {message}\n")


class ShowVersion(argparse.Action):
    """Prints the version, which is looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *arguments: object) -> NoReturn:
        from sluice_cli.version import version

        print(f"sluice {version()}")
        parser.exit(ExitCode.DONE)


def run(program: str, description: str, verbs: Mapping[str, Verb], arguments: Sequence[str] | None = None) -> int:
    """Run the verb that the command line names. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = next((one for one in given if not one.startswith("-")), None)
    parser = Parser(prog=program, description=description, allow_abbrev=False)
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    # Only help of the whole command, and a verb that there is none of, needs parsers of the others: they take a while.
    needed = {name: verbs[name]} if name in verbs and given[0] == name else verbs
    for verb, one in needed.items():
        subparser = subparsers.add_parser(verb, help=one.help, description=one.help, allow_abbrev=False)
        if verb == name:
            module = _imported(one.module, subparser)
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    if name is not None and name not in verbs:
        near = get_close_matches(name, verbs, 1, 0.5)
        parser.error(f"no command is named {name}" + (f"; did you mean {near[0]}?" if near else ""))
    parsed, unknown = parser.parse_known_args(given)
    if unknown:
        _refuse(unknown[0], subparsers.choices[name] if name else parser)
    return _guarded(parsed)


def _refuse(argument: str, parser: argparse.ArgumentParser) -> NoReturn:
    """End with the verb's usage, and the nearest option that it has."""
    # argparse has no public list of a parser's options.
    options = list(parser._option_string_actions)
    near = get_close_matches(argument.partition("=")[0], options, 1, 0.5) if argument.startswith("-") else []
    kind = "option" if argument.startswith("-") else "argument"
    parser.error(f"it takes no {kind} {argument}" + (f"; did you mean {near[0]}?" if near else ""))


def _imported(module: str, parser: argparse.ArgumentParser) -> ModuleType:
    """Import a verb's module. Where libraries of the tool are missing, the command ends with the command that installs
    them.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in OF_EXTRA_TOOL:
            raise
        parser.exit(ExitCode.WRONG_INPUT, f'{parser.prog}: {error.name} is missing: run `pip install "{EXTRA_TOOL}"`\n')


def _guarded(arguments: argparse.Namespace) -> int:
    # SIGTERM is handled like Ctrl-C: started processes are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(arguments.run(arguments))
    except SluiceError as error:
        print(clean_lines(str(error)), file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`); without this Python would report it again at exit.
        sys.stdout = None
        return int(ExitCode.DONE)
    except Exception as error:  # noqa: BLE001 - reported in words; the traceback is kept in a file
        print(clean_lines(_aws_error(error) or _unexpected(error)), file=sys.stderr)
        return int(ExitCode.FAILED)


def _unexpected(error: Exception) -> str:
    """The message for a failure of the operating system's, or for a fault in Sluice, whose traceback goes to a file."""
    if isinstance(error, OSError) and error.strerror:
        return error_text(error)
    with tempfile.NamedTemporaryFile("w", prefix="sluice-", suffix=".log", delete=False) as file:
        file.write("".join(traceback.format_exception(error)))
    return f"unexpected error, please report it with the traceback in {file.name}: {error_text(error)}"


def _aws_error(error: Exception) -> str | None:
    """The message of an error that botocore raised; None for any other error.

    Botocore is not imported here: a command that has not imported it cannot get an error from it.
    """
    exceptions = sys.modules.get("botocore.exceptions")
    if exceptions is None:
        return None
    if isinstance(error, exceptions.ClientError):
        said = error.response.get("Error", {})
        return f"AWS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')}"
    return f"AWS: {error}" if isinstance(error, exceptions.BotoCoreError) else None
