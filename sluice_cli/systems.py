"""What the deploying commands share: naming systems, and what to say after a deployment."""

import argparse

from sluice_cli.terraform.deployment import console

NAMES = ("object-tracker", "upload-api", "file-metadata", "invocation-log", "sensor-pipeline")


def system_name(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"there is no system {text!r}; there are {', '.join(NAMES)}")
    return text


def add_system_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "systems", nargs="*", type=system_name, metavar="SYSTEM", help=f"{', '.join(NAMES)} (default: all)"
    )


def say_pending_confirmation(email: str | None) -> None:
    if email:
        console.print(
            f"Notifications for {email}: AWS has sent a confirmation mail. Nothing is delivered until the link in it "
            "is followed; Terraform cannot do that, nor tell whether it was done."
        )
    else:
        console.print("Nobody is subscribed to notifications and alarms: set NOTIFICATION_EMAIL and deploy again.")
