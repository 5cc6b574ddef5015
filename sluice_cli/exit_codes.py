"""What the exit code of every verb means. docs/commands.md prints this table."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes, the same for every verb; the comment behind each is its line in docs/commands.md."""

    DONE = 0
    FAILED = 1
    WRONG_INPUT = 2
    NEEDS_DECISION = 3
    NOT_PROVEN = 4
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "it is done; or there was nothing to do",
    ExitCode.FAILED: "it failed: Terraform, AWS, the local AWS or the app; the message says where. "
    "`scan`: it has findings",
    ExitCode.WRONG_INPUT: "an option, a name, a setting or `cdktf.json` is wrong, or there are no credentials; "
    "nothing was done",
    ExitCode.NEEDS_DECISION: "a decision is needed: dangerous changes are not acknowledged, "
    "`move` would change resources with data, drift was found, or an approval was not given",
    ExitCode.NOT_PROVEN: "`prove-iam` of this repository: a statement is not proven",
    ExitCode.INTERRUPTED: "interrupted, by Ctrl-C or a signal",
}
