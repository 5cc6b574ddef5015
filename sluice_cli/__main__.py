import sys

from sluice_cli.command_line import Verb, run

DESCRIPTION = "Operate a CDKTF project's stacks on AWS, or on a local AWS without Docker or an account."

HELP = {
    "new": "create a project: a stack with a bucket, a function and a table, and their tests",
    "up": "start the local AWS and deploy the project's stacks to it",
    "watch": "deploy to the local AWS, then deploy saved files: functions' code at once, other changes with Terraform",
    "snapshot": "save the local AWS with Terraform's state under a name",
    "restore": "restore the local AWS from a snapshot",
    "down": "destroy the stacks on the local AWS and stop it; with names, only those stacks",
    "synth": "write the stacks' Terraform; needs no AWS account and no network",
    "list": "list the stacks that the app synthesizes, and what each depends on; with --local or --deployed also their "
    "resources, endpoints, queue depths and alarms",
    "state": "create the bucket of Terraform's state, or update its settings (idempotent)",
    "deploy": "show the plan and deploy to the AWS account of your credentials after approval",
    "destroy": "destroy the stacks in the AWS account of your credentials after approval",
    "outputs": "the outputs of deployed stacks",
    "review": "plan, and show the changes and which of them are dangerous",
    "apply-reviewed": "apply the plan that `review` saved; refused when configuration, state or the project's rules "
    "changed since, or when a dangerous change is not acknowledged",
    "drift": "show changes made outside of Terraform, how dangerous they are, and how to revert or adopt them",
    "recover": "after an interrupted or killed deployment: release the lock, restore the state, adopt or remove what "
    "is left",
    "failures": "list the events that could not be processed; --replay sends them again, --discard removes "
    "them, --capture writes a test",
    "logs": "show the logs of the functions side by side; --follow shows new events; refused calls are explained",
    "trace": "show the functions and AWS calls of a request as a waterfall",
    "console": "watch the local AWS at work in the browser: objects, runs, rows, messages, failures; put something in",
    "invoke": "invoke a function with an event from a file, an example event, or a failed event",
    "diagram": "draw each stack's architecture from its Terraform",
    "simulate-load": "simulate a stack under a load: latency, backlog, throttles, cost, and which settings help",
    "export": "write a stack as a plain Terraform module, which needs neither Python nor Node",
    "move": "move deployed resources from a stack to the plain module made from it, or back; refused if resources with "
    "data would change",
    "scan": "scan the stacks' Terraform, plans and policies, off line",
}
VERBS = {name: Verb(f"sluice_cli.verbs.{name.replace('-', '_')}", help_) for name, help_ in HELP.items()}


def main() -> int:
    return run("sluice", DESCRIPTION, VERBS)


if __name__ == "__main__":
    sys.exit(main())
