"""The errors that a command ends with: a message for a person, and an exit code."""

from sluice_cli.exit_codes import ExitCode


class SluiceError(RuntimeError):
    """A command cannot go on. The message says what is wrong, what was given, and what to do."""

    exit_code: int = ExitCode.FAILED


class DeploymentError(SluiceError):
    """Terraform failed, or refuses; the message has what it said."""


class LocalAwsError(SluiceError):
    """The local AWS did not start, or is not running."""


class InputError(SluiceError):
    """An argument, a setting or a file of the caller's is wrong. Nothing was done."""

    exit_code = ExitCode.WRONG_INPUT


class SynthError(SluiceError):
    """The project's app failed. What it said is on the terminal already; its exit code is passed on where it is 2."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = ExitCode.WRONG_INPUT if code == ExitCode.WRONG_INPUT else ExitCode.FAILED


class UndecidedError(SluiceError):
    """Nobody was there to ask, or the answer was no. Nothing was done."""

    exit_code = ExitCode.NEEDS_DECISION
