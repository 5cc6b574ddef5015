"""`sluice new`: a new project from the files in `template/`."""
