"""Changes that `sluice review` judges differently in this project, with the reasons."""

from sluice_cli.review.rules import Danger, lower

lower(
    Danger.AUTHORIZATION,
    construct="Api*",
    reason="senders have no AWS credentials; the function checks the signature of each webhook",
)
lower(
    Danger.ACTION,
    address="aws_lambda_invocation.*",
    reason="it has CodeDeploy shift the alias to the new version",
)
