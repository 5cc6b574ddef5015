#!/bin/sh
# Install what the project needs into this folder: nothing global, nothing twice. Prerequisites are checked first and
# named all at once. The environments are rebuilt when their lock file changes. Arguments: `scanners`, `docs` and `bench` for
# what only they need, `curl` where it must be on the machine.
set -eu
cd "$(dirname "$0")/.."

PIPENV_VERSION=2026.10.3
# Lambda's platform for the default LAMBDA_RUNTIME: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
LAMBDA_PLATFORM="--platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64
  --implementation cp --python-version 3.13"
# Lambda's Python runtimes bring boto3 and what it needs.
IN_THE_RUNTIME='^(boto3|botocore|s3transfer|jmespath|python-dateutil|six|urllib3)=='

PYTHON=${PYTHON:-python3}
missing=""

# need NAME FOUND_VERSION WANTED_VERSION HOW: remember what is missing or too old.
need() {
  oldest=$(printf '%s\n%s\n' "${2:-0}" "$3" | sort -t. -k1,1n -k2,2n | head -n 1)
  if [ -z "$2" ]; then
    missing="$missing
  $1 $3 or later: not found. $4"
  elif [ "$oldest" != "$3" ]; then
    missing="$missing
  $1 $3 or later: found $2. $4"
  fi
}

python_version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)
node_version=$(node --version 2>/dev/null | sed 's/^v//' || true)
terraform_version=$(TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 terraform version 2>/dev/null | sed -n '1s/^Terraform v//p' || true)
need Python "$python_version" 3.11 "Get it from python.org or your system's packages, or name one: make PYTHON=python3.13"
need Node.js "$node_version" 20.0 "Get it from nodejs.org or your system's packages."
need npm "$(npm --version 2>/dev/null || true)" 9.0 "It comes with Node.js."
need Terraform "$terraform_version" 1.10 "Get it from developer.hashicorp.com/terraform/install."
case " $* " in *" curl "*)
  # The first that signs requests to AWS: https://curl.se/docs/manpage.html#--aws-sigv4
  need curl "$(curl --version 2>/dev/null | sed -n '1s/^curl \([0-9.]*\).*/\1/p')" 7.75 "Get it from your system's packages." ;;
esac
if [ -n "$python_version" ] && ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
  missing="$missing
  Python's venv module: not found. On Debian and Ubuntu: apt install python3-venv"
fi
if [ -n "$missing" ]; then
  echo "Missing before anything can be installed:$missing" >&2
  exit 1
fi

mkdir -p .tools/logs

# step WHAT STAMP LOCK COMMAND...: run the command unless it has run for this lock file already.
step() {
  what=$1 stamp=$2 lock=$3
  shift 3
  sum=$(cat "$lock" scripts/setup.sh | cksum)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && return 0
  log=".tools/logs/$(echo "$what" | tr -c 'a-z\n' '-').log"
  echo "Installing $what ..."
  if ! "$@" >"$log" 2>&1; then
    echo "Installing $what failed; the end of $log:" >&2
    tail -n 20 "$log" >&2
    return 1
  fi
  echo "$sum" >"$stamp"
}

pipenv() {
  PIPENV_IGNORE_VIRTUALENVS=1 .tools/pipenv/bin/pipenv requirements --hash --categories "$1"
}

install_pipenv() {
  rm -rf .tools/pipenv && "$PYTHON" -m venv .tools/pipenv && .tools/pipenv/bin/pip install "pipenv==$PIPENV_VERSION"
}

install_environment() { # FOLDER CATEGORIES
  rm -rf "$1" && "$PYTHON" -m venv "$1" && pipenv "$2" >"$1/requirements.txt" &&
    "$1/bin/pip" install --require-hashes -r "$1/requirements.txt"
}

install_libraries() {
  rm -rf .tools/lambda-libraries
  pipenv lambda | grep -vE "$IN_THE_RUNTIME" >.tools/lambda-libraries.txt
  # shellcheck disable=SC2086
  .venv/bin/pip install --require-hashes --no-deps --no-compile --only-binary=:all: $LAMBDA_PLATFORM \
    --target .tools/lambda-libraries -r .tools/lambda-libraries.txt
}

step "cdktf-cli" node_modules/.installed package-lock.json npm ci &
cdktf_cli=$!
step "pipenv" .tools/pipenv/.installed scripts/setup.sh install_pipenv
step "the Python environment" .venv/.installed Pipfile.lock install_environment .venv "packages dev-packages"
step "the local AWS" .tools/local-aws/.installed Pipfile.lock install_environment .tools/local-aws local-aws
step "the functions' libraries" .tools/lambda-libraries/.installed Pipfile.lock install_libraries
wait "$cdktf_cli"
cat >.venv/bin/sluice <<END
#!$PWD/.venv/bin/python
import sys

sys.path.insert(0, "$PWD")
from sluice_cli.__main__ import main

sys.exit(main())
END
chmod +x .venv/bin/sluice
for extra in "$@"; do # what few commands need
  [ "$extra" = curl ] && continue
  step "the environment of $extra" ".tools/$extra/.installed" Pipfile.lock install_environment ".tools/$extra" "$extra"
done
