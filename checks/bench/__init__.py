"""The benchmark: `make bench`, or `python -m checks.bench --help`."""
