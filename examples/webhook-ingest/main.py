"""The CDKTF app: reads settings from the environment, creates the stack, and writes its Terraform to cdktf.out."""

import os

from webhook_ingest.stack import WebhookIngestStack  # first: it imports sluice, which makes synth fast

# isort: split
from cdktf import App


def main() -> None:
    app = App()
    WebhookIngestStack(
        app,
        "webhook-ingest",
        region=os.environ.get("AWS_REGION", "us-east-1"),
        # `sluice deploy` sets this variable; without it, Terraform keeps its state in a local file.
        state_bucket=os.environ.get("STATE_BUCKET"),
    )
    app.synth()


if __name__ == "__main__":
    main()
