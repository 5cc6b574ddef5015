import sys

from sluice_cli.command_line import Verb, run

DESCRIPTION = "Operate a CDKTF project's stacks on AWS, or on a local AWS without Docker or an account."

HELP = {
    "new": "make a project that runs at once: a stack with a bucket, a function and a table, and their tests",
    "up": "start the local AWS and deploy the project's stacks to it; what is in place stays as it is",
    "watch": "deploy to the local AWS, then run each saved file: functions' code at once, everything else by Terraform",
    "snapshot": "keep the local AWS as it is, with Terraform's state, under a name",
    "restore": "bring the local AWS back to a snapshot",
    "down": "destroy the stacks on the local AWS and stop it; with names, only those stacks",
    "synth": "write the stacks' Terraform; needs no AWS account and no network",
    "list": "list the stacks that the app synthesizes, and what each depends on; with --local or --deployed also their "
    "resources, endpoints, queue depths and alarms",
    "state": "create the bucket of Terraform's state, or bring it up to standard (idempotent)",
    "deploy": "show the plan and deploy to the AWS account of your credentials, once you approve",
    "destroy": "destroy what deploy made, once you approve",
    "outputs": "the outputs of deployed stacks",
    "review": "plan, and show what changes and what of it is dangerous",
    "apply-reviewed": "apply the plan that `review` saved; refused when configuration, state or the project's rules "
    "changed since, or when a dangerous change is not acknowledged",
    "drift": "what changed behind Terraform's back, how dangerous it is, and how to revert or adopt it",
    "recover": "after an interrupted or killed deployment: release the lock, restore the state, adopt or remove what "
    "is left",
    "failures": "list the events that could not be processed; --replay sends them again, --discard removes "
    "them, --capture writes a test",
    "logs": "show the logs of the functions, side by side; --follow goes on; refused calls are explained",
    "trace": "show a request's way through functions and AWS calls as a waterfall",
    "console": "watch the local AWS at work in the browser: objects, runs, rows, messages, failures; put something in",
    "invoke": "invoke a function with an event of a file, an example as AWS sends it, or a kept one",
    "diagram": "draw each stack's architecture from its Terraform",
    "export": "write a stack as a plain Terraform module, which needs neither Python nor Node",
    "move": "move what is deployed from a stack to the plain module made from it, or back; refused where it would "
    "touch what holds data",
    "scan": "scan the stacks' Terraform, plans and policies, off line",
}
VERBS = {name: Verb(f"sluice_cli.verbs.{name.replace('-', '_')}", help_) for name, help_ in HELP.items()}


def main() -> int:
    return run("sluice", DESCRIPTION, VERBS)


if __name__ == "__main__":
    sys.exit(main())
