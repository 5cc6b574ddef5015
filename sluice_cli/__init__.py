"""The tool: a local AWS, deployment, review, recovery and logs of CDKTF stacks. `python -m sluice_cli --help`."""
