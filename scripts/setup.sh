#!/bin/sh
# Install what deploying and a local AWS need into this folder; nothing is installed globally. Missing prerequisites are
# reported first, all at once. Then the environments are installed in parallel, by uv, or by pip if uv cannot be installed.
# An environment is rebuilt when its lock file changes. Arguments: what only some commands need. `dev` is what tests and
# lint need from PyPI, `npm` what they need from npm, with cdktf-cli; `scanners`, `docs`, `bench`, `cdktn` and
# `second-opinion` are environments; `curl` requires curl. TERRAFORM_BINARY_NAME names another program, such as `tofu`.
set -eu
cd "$(dirname "$0")/.."

# Lambda's platform for the default LAMBDA_RUNTIME: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
LAMBDA_PLATFORM="--platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64
  --implementation cp --python-version 3.13"
# Lambda's Python runtimes include boto3 and its dependencies.
IN_THE_RUNTIME='^(boto3|botocore|s3transfer|jmespath|python-dateutil|six|urllib3)=='

# In the log of a step that pip did instead.
UV_FAILED="uv failed, pip installs:"

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
terraform_version=$(TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 "${TERRAFORM_BINARY_NAME:-terraform}" version 2>/dev/null |
  sed -n -e '1s/^Terraform v//p' -e '1s/^OpenTofu v//p' || true)
need Python "$python_version" 3.11 "Get it from python.org or your system's packages, or name one: make PYTHON=python3.13"
need Node.js "$node_version" 20.0 "Get it from nodejs.org or your system's packages."
need Terraform "$terraform_version" 1.10 "Get it from developer.hashicorp.com/terraform/install."
case " $* " in *" curl "*)
  # The first version that signs requests to AWS: https://curl.se/docs/manpage.html#--aws-sigv4
  need curl "$(curl --version 2>/dev/null | sed -n '1s/^curl \([0-9.]*\).*/\1/p')" 7.75 "Get it from your system's packages." ;;
esac
[ -d node_modules/elkjs ] || need npm "$(npm --version 2>/dev/null || true)" 9.0 "It comes with Node.js."
if [ -n "$python_version" ] && ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
  missing="$missing
  Python's venv module: not found. On Debian and Ubuntu: apt install python3-venv"
fi
if [ -n "$missing" ]; then
  echo "Missing before anything can be installed:$missing" >&2
  exit 1
fi

mkdir -p .tools/logs

# The steps in the background, one a line: process id and description.
running=""
begun=$(date +%s)
# The shell does not pass an interrupt to background steps; this ends them.
trap 'trap "" TERM; kill 0; exit 130' INT

# installed STAMP LOCK: whether a step has run for this lock file already.
installed() {
  [ -f "$1" ] && [ "$(cat "$1")" = "$(sum "$2")" ]
}

sum() {
  cat "$1" scripts/setup.sh scripts/locked_requirements.py | cksum
}

# step WHAT STAMP LOCK COMMAND...: run the command, unless it has run for this lock file already.
step() {
  installed "$2" "$3" && return 0
  echo "Installing $1 ..."
  run "$@"
}

# beside WHAT STAMP LOCK COMMAND...: run a step in the background; `finish` waits for it.
beside() {
  installed "$2" "$3" && return 0
  echo "Installing $1 ..."
  run "$@" &
  running="$running$! $1
"
}

run() {
  what=$1 stamp=$2 lock=$3
  shift 3
  log=".tools/logs/$(echo "$what" | tr 'A-Z ' 'a-z-' | tr -d "'").log"
  if ! "$@" >"$log" 2>&1; then
    echo "Installing $what failed; the end of $log:" >&2
    tail -n 20 "$log" >&2
    return 1
  fi
  sum "$lock" >"$stamp"
  ! grep -q "^$UV_FAILED" "$log" || what="$what by pip, since uv failed: see $log"
  echo "Installed $what ($(($(date +%s) - begun)) s)"
}

# finish: wait for the steps in the background and print which ones are running. Fails if one of them failed.
finish() {
  code=0
  while read -r process what; do
    [ -n "$process" ] || continue
    kill -0 "$process" 2>/dev/null && echo "Waiting for $what ..."
    wait "$process" || code=1
  done <<END
$running
END
  running=""
  return "$code"
}

# uv with the index and the certificates of pip's settings, which are the system's unless others are set: uv's own do not
# include those of a company's proxy.
uv() {
  [ -n "${index+known}" ] ||
    index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$("$PYTHON" -m pip config get global.index-url 2>/dev/null || true)}}
  certificates=${SSL_CERT_FILE:-${PIP_CERT:-}}
  env ${index:+"UV_DEFAULT_INDEX=$index"} ${certificates:+"SSL_CERT_FILE=$certificates"} UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" .venv/bin/uv "$@"
}

# locked CATEGORIES: print the packages of these Pipfile categories as requirements with hashes.
locked() {
  # shellcheck disable=SC2086
  "$PYTHON" scripts/locked_requirements.py $1
}

# install FOLDER CATEGORIES: install packages into an environment, by uv, or by pip if uv is missing or fails.
install() {
  locked "$2" >"$1/requirements.txt" || return 1
  uv pip install --python "$1/bin/python" --no-deps --require-hashes -r "$1/requirements.txt" && return 0
  echo "$UV_FAILED"
  # Not compiled, as by uv: what is imported is compiled then, a tenth of it.
  .venv/bin/python -m pip --python "$1/bin/python" install --no-compile --no-deps --require-hashes -r "$1/requirements.txt"
}

# The wheel of pip that Python brings: https://docs.python.org/3/library/ensurepip.html
bundled_pip() {
  "$PYTHON" -c 'import ensurepip, pathlib, sysconfig
own = pathlib.Path(ensurepip.__file__).parent / "_bundled"
folders = [pathlib.Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or own), own]
print(next(wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))))'
}

install_python() {
  rm -rf .venv && "$PYTHON" -m venv --without-pip .venv || return 1
  locked dev-packages | grep '^uv==' >.venv/uv.txt
  # pip runs from its wheel and uv unpacks it, which takes three seconds less than ensurepip.
  pip=$(bundled_pip) && .venv/bin/python "$pip/pip" install --require-hashes -r .venv/uv.txt && uv pip install \
    --python .venv/bin/python --offline --no-deps "$pip" ||
    echo "uv cannot be installed here: pip installs everything instead, which takes two minutes longer"
  [ -x .venv/bin/pip ] || .venv/bin/python -m ensurepip && install .venv packages
}

install_environment() { # FOLDER CATEGORIES
  rm -rf "$1"
  uv venv --python "$PYTHON" "$1" || "$PYTHON" -m venv --without-pip "$1" || return 1
  install "$1" "$2"
}

install_libraries() {
  rm -rf .tools/lambda-libraries
  locked lambda | grep -vE "$IN_THE_RUNTIME" >.tools/lambda-libraries.txt
  uv pip install --require-hashes --no-deps --only-binary :all: --target .tools/lambda-libraries \
    --python-platform x86_64-manylinux_2_28 --python-version 3.13 -r .tools/lambda-libraries.txt && return 0
  echo "$UV_FAILED"
  # shellcheck disable=SC2086
  .venv/bin/pip install --require-hashes --no-deps --no-compile --only-binary=:all: $LAMBDA_PLATFORM \
    --target .tools/lambda-libraries -r .tools/lambda-libraries.txt
}

case " $* " in
  *" npm "*) beside "cdktf-cli" node_modules/.installed package-lock.json npm ci ;;
  *) installed node_modules/.installed package-lock.json ||
    beside "the layout of pictures" node_modules/.layout-installed package-lock.json npm ci --omit=dev ;;
esac
# This environment contains uv, which installs the others.
step "the Python environment" .venv/.installed Pipfile.lock install_python || { finish; exit 1; }
beside "the local AWS" .tools/local-aws/.installed Pipfile.lock install_environment .tools/local-aws local-aws
beside "the functions' libraries" .tools/lambda-libraries/.installed Pipfile.lock install_libraries
for extra in "$@"; do
  case "$extra" in
    curl | npm) ;;
    dev) beside "the tools of tests and lint" .venv/.dev-installed Pipfile.lock install .venv dev-packages ;;
    *) beside "the environment of $extra" ".tools/$extra/.installed" Pipfile.lock install_environment ".tools/$extra" "$extra" ;;
  esac
done
finish
cat >.venv/bin/sluice <<END
#!$PWD/.venv/bin/python
import sys

sys.path.insert(0, "$PWD")
from sluice_cli.__main__ import main

sys.exit(main())
END
chmod +x .venv/bin/sluice
