"""The operator's command line: `python -m commands --help`. Each command is the module of its name."""
