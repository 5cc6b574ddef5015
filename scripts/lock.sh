#!/bin/sh
# Renew the lock files. They name no package index: each user's own index is used, and the hashes verify what it delivers.
set -eu
cd "$(dirname "$0")/.."
PIPENV_VERSION=2026.10.3

if [ ! -x .tools/pipenv/bin/pipenv ]; then
  "${PYTHON:-python3}" -m venv .tools/pipenv && .tools/pipenv/bin/pip install --quiet "pipenv==$PIPENV_VERSION"
fi
PIPENV_IGNORE_VIRTUALENVS=1 PIPENV_VENV_IN_PROJECT=0 .tools/pipenv/bin/pipenv lock \
  --categories "packages dev-packages lambda local-aws bench scanners docs cdktn second-opinion"
.venv/bin/python - <<'END'
import json
import pathlib

path = pathlib.Path("Pipfile.lock")
lock = json.loads(path.read_text())
lock["_meta"]["sources"] = []
for category, packages in lock.items():
    if category != "_meta":
        for package in packages.values():
            package.pop("index", None)
path.write_text(json.dumps(lock, indent=4) + "\n")
END
npm install --package-lock-only
