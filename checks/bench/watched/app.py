"""A stack with one function, for the measurement of `sluice watch`."""

from pathlib import Path

from modules import PythonFunction  # first: it prepares the provider binding and jsii

# isort: split
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

app = App()
stack = TerraformStack(app, "watched")
AwsProvider(stack, "Aws", region="us-east-1")
PythonFunction(stack, "Watched", name="watched", packages=[Path(__file__).parent / "function"])
app.synth()
