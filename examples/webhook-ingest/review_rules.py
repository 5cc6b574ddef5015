"""What `sluice review` shows at another level in this project, with the reasons."""

from sluice_cli.review.rules import Danger, lower

lower(
    Danger.AUTHORIZATION,
    construct="Api*",
    reason="senders have no AWS credentials; the function checks the signature of each webhook",
)
lower(
    Danger.ACTION,
    address="terraform_data.Ingest_Release_Start*",
    reason="it starts CodeDeploy, which shifts the alias to the new version",
)
