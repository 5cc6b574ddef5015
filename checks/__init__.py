"""What proves the promises of the five systems: `python -m checks --help`."""
