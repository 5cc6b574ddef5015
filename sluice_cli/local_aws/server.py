"""The local AWS: ministack on a free loopback port, over TLS, with IAM enforced and credentials of its own.

All of its files are in one folder (`.sluice/local` of a project, a temporary one in tests), so several can run side by
side. Nothing is kept after it stops.
"""

import json
import os
import secrets
import shlex
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.local_aws.process import end, is_server, serves
from sluice_cli.local_aws.pythons import pythons_of_machine

APP = Path(__file__).parent / "emulator" / "app.py"
SERVE = APP.with_name("serve.py")
RECORD = "local-aws.json"
TOKEN = "token"  # noqa: S105 - the file of the secret that the local AWS's own paths need (emulator/own_paths.py)
NO_PROCESS = 0  # the process number of a record in a snapshot, which has none

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"
START_SECONDS = 60
ANSWER_SECONDS = 5
BUSY_SECONDS = 60  # a running local AWS that does not answer may be busy for so long
STARTS = 3  # another program may take the free port first
PORT_TAKEN = "Address already in use"
NOT_RUNNING = "the local AWS is not running: run `sluice up` first"
CONNECTIONS = 50  # of one client, which threads share

# Of the caller's Python; without compiled modules, which are kept in the local AWS's own environment, each start would
# compile them.
OF_PYTHON = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE")

# Permissions similar to those of a person who deploys on AWS. An IAM user is subject to resource policies, as on AWS.
DEPLOYER = "deployer"
DEPLOYER_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

# AWS retries asynchronous events after one and two minutes; the local AWS after one and two seconds.
RETRY_BASE_SECONDS = "1"
# On AWS the messages of a failed batch come again after the queue's visibility timeout.
QUEUE_RETRY_SECONDS = "1"
# How long a minute of a traffic shift takes.
MINUTE_SECONDS = "1"


class PortTaken(LocalAwsError):
    """Another program has taken the port."""


@dataclass(frozen=True)
class Running:
    """The address of a running local AWS, and the credentials for it."""

    pid: int
    url: str
    ca_bundle: str
    access_key_id: str
    secret_access_key: str
    # The Python runtimes that functions run under, with blanks between: its own Python, then the machine's others.
    runtimes: str = ""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


class LocalAws:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._record = self.folder / RECORD
        self._clients: dict[tuple[str, str], Any] = {}
        self._clients_of: Running | None = None
        self._making = threading.Lock()  # boto3 cannot make clients in several threads at once

    def running(self) -> Running | None:
        """The local AWS that `start` recorded, if it still answers. As long as its process lives, a busy one has a
        minute to answer.
        """
        running = self._recorded()
        if running is None:
            return None
        deadline = time.monotonic() + BUSY_SECONDS
        while not _answers(running.url, running.ca_bundle):
            if not serves(running.pid, *_served(running)) or time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        return running

    def start(self) -> Running:
        """Start the local AWS, or return the running one. Raises `LocalAwsError` with the end of its log if it does not
        start.
        """
        running = self.running()
        if running is not None:
            return running
        # https://pkg.go.dev/os#ExpandEnv, which Terraform and its AWS provider apply to the path of the certificate
        if "$" in str(self.folder):
            raise LocalAwsError(f"{self.folder} has a $ in its path, which Terraform expands: move the project")
        python = python_of_local_aws()
        self.stop()
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        root_key, root_secret = "test", secrets.token_hex(16)
        for attempt in range(1, STARTS + 1):
            try:
                process, url = self._serve(python, root_key, root_secret)
                break
            except PortTaken:
                if attempt == STARTS:
                    raise
        ca_bundle = str(self.folder / "client.pem")
        iam = boto3.client(
            "iam",
            endpoint_url=url,
            region_name=REGION,
            verify=ca_bundle,
            aws_access_key_id=root_key,
            aws_secret_access_key=root_secret,
        )
        iam.create_user(UserName=DEPLOYER)
        iam.put_user_policy(UserName=DEPLOYER, PolicyName="Deploy", PolicyDocument=json.dumps(DEPLOYER_POLICY))
        key = iam.create_access_key(UserName=DEPLOYER)["AccessKey"]
        running = Running(
            process.pid, url, ca_bundle, key["AccessKeyId"], key["SecretAccessKey"], " ".join(_runtimes_of(python))
        )
        self._write_credentials(running)
        self._record.write_text(json.dumps(running.__dict__, indent=2))
        return running

    def check_address(self, files: Path) -> None:
        """Raises `LocalAwsError` if a local AWS cannot start at the address that is recorded in saved files: they are
        not whole, or another program uses the address."""
        saved, own = _read_record(files / RECORD), self._recorded()
        if saved is None:
            raise LocalAwsError(f"{files / RECORD} is missing or not whole: the snapshot cannot be restored")
        if own and own.port == saved.port and is_server(own.pid, *_served(own)):
            return
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            try:
                one.bind((LOOPBACK, saved.port))
            except OSError as error:
                raise LocalAwsError(_in_use(saved.port)) from error

    def start_from(self, state: Path) -> Running:
        """Start the local AWS from a state that was saved with its folder's files: at the same address, with the same
        credentials. Raises `LocalAwsError` if it does not start, or the address is in use."""
        recorded = self._recorded()
        if recorded is None:
            raise LocalAwsError(f"{self._record} is missing or not whole: the snapshot cannot be restored")
        (self.folder / "tmp").mkdir(exist_ok=True)
        try:
            python = python_of_local_aws()
            process, _ = self._serve(python, "test", secrets.token_hex(16), recorded.port, state)
        except PortTaken as error:
            raise LocalAwsError(_in_use(recorded.port)) from error
        runtimes = " ".join(_runtimes_of(python))
        running = replace(recorded, pid=process.pid, ca_bundle=str(self.folder / "client.pem"), runtimes=runtimes)
        self._write_credentials(running)
        self._record.write_text(json.dumps(running.__dict__, indent=2))
        return running

    def _serve(
        self, python: Path, root_key: str, root_secret: str, port: int = 0, state: Path | None = None
    ) -> tuple[subprocess.Popen[bytes], str]:
        """Start the server process, from a saved state if one is given. Raises `LocalAwsError` with the end of its log
        if it does not answer."""
        port = port or _free_port()
        url = f"https://{LOOPBACK}:{port}"
        ca_bundle = str(self.folder / "client.pem")
        log = self.folder / "local-aws.log"
        tls = [str(self.folder / "server.pem"), str(self.folder / "server.key")]
        (self.folder / TOKEN).touch(0o600)
        (self.folder / TOKEN).write_text(secrets.token_hex(32))
        with log.open("w") as out:
            process = subprocess.Popen(
                # Not `-m ministack`: it also binds port 443, for services that are not used here.
                [str(python), str(SERVE), f"{APP}:app", f"{LOOPBACK}:{port}", *tls],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
                env={
                    # The caller's Python settings must not affect the local AWS or its functions.
                    **{name: one for name, one in _without_aws(os.environ).items() if name not in OF_PYTHON},
                    "AUTH": "true",
                    "AWS_ACCESS_KEY_ID": root_key,
                    "AWS_SECRET_ACCESS_KEY": root_secret,
                    "AWS_CA_BUNDLE": ca_bundle,
                    "GATEWAY_PORT": str(port),
                    "MINISTACK_HOST": LOOPBACK,
                    "MINISTACK_REGION": REGION,
                    "IOT_MTLS_ENABLED": "0",
                    "USE_SSL": "1",
                    "MINISTACK_SSL_CERT": str(self.folder / "server.pem"),
                    "MINISTACK_SSL_KEY": str(self.folder / "server.key"),
                    "LAMBDA_ASYNC_RETRY_BASE_SECONDS": RETRY_BASE_SECONDS,
                    "QUEUE_RETRY_SECONDS": QUEUE_RETRY_SECONDS,
                    "CODEDEPLOY_MINUTE_SECONDS": MINUTE_SECONDS,
                    "PYTHONUNBUFFERED": "1",
                    "NODE_EXTRA_CA_CERTS": ca_bundle,
                    "SLUICE_PYTHONS": json.dumps(pythons_of_machine()),
                    "TMPDIR": str(self.folder / "tmp"),
                    # Where ministack keeps keys, and the saved state that it begins from.
                    "STATE_DIR": str(state or self.folder / "state"),
                    "PERSIST_STATE": "1" if state else "0",
                },
            )
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url, ca_bundle):
            if process.poll() is not None or time.monotonic() > deadline:
                end(process.pid)
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                taken = PORT_TAKEN in tail
                raise (PortTaken if taken else LocalAwsError)(
                    f"the local AWS did not start on port {port}; the end of {log}:\n{tail}"
                )
            time.sleep(0.1)
        return process, url

    def stop(self) -> bool:
        """Stop the local AWS and delete its folder. Returns False if it was not running."""
        if not self.folder.exists():
            return False
        recorded = self._recorded()
        if recorded and is_server(recorded.pid, *_served(recorded)):
            end(recorded.pid)
        shutil.rmtree(self.folder, ignore_errors=True)
        return True

    def environment(self) -> dict[str, str]:
        """Environment variables for programs that use the local AWS and must not reach another: without the caller's
        AWS variables, profiles and credentials files. Raises `LocalAwsError` if it is not running.
        """
        running = self.running()
        if running is None:
            raise LocalAwsError(NOT_RUNNING)
        return {**_without_aws(os.environ), **self._variables(running)}

    def client(self, service: str, region_name: str = REGION, **options: Any) -> Any:
        """A boto3 client of the local AWS with the deployer's credentials. As long as the same local AWS runs, equal
        calls return the same client; with options of boto3's, such as `config`, each call makes its own. Raises
        `LocalAwsError` if the local AWS is not running."""
        running = self.process()
        if running is None:
            raise LocalAwsError(NOT_RUNNING)
        with self._making:
            if options:
                return _new_client(running, service, region_name=region_name, **options)
            if self._clients_of != running:
                self._clients_of, self._clients = running, {}
            asked = service, region_name
            if asked not in self._clients:
                self._clients[asked] = _new_client(running, service, region_name=region_name)
            return self._clients[asked]

    def process(self) -> Running | None:
        """The recorded process if it runs, without a request to it."""
        recorded = self._recorded()
        return recorded if recorded and serves(recorded.pid, *_served(recorded)) else None

    def _recorded(self) -> Running | None:
        return _read_record(self._record)

    def account_id(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def _variables(self, running: Running) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": running.url,
            "AWS_CA_BUNDLE": running.ca_bundle,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "AWS_CONFIG_FILE": str(self.folder / "config"),
            "AWS_EC2_METADATA_DISABLED": "true",
            # Not AWS_REGION: the five systems read it as a setting, with a default for each.
            "AWS_DEFAULT_REGION": REGION,
            "NO_PROXY": LOOPBACK,
            # Function libraries that are built for the local AWS have to load here (modules/_packaging/libraries.py).
            "SLUICE_LOCAL_RUNTIMES": running.runtimes,
        }

    def _write_credentials(self, running: Running) -> None:
        credentials = self.folder / "credentials"
        credentials.touch(0o600)
        credentials.write_text(
            "[default]\n"
            f"aws_access_key_id = {running.access_key_id}\n"
            f"aws_secret_access_key = {running.secret_access_key}\n"
        )
        (self.folder / "config").write_text(f"[default]\nregion = {REGION}\n")
        variables = {
            **self._variables(running),
            # For curl. Not named AWS_ACCESS_KEY_ID, so that other tools do not use it for a real account.
            "LOCAL_AWS_USER": f"{running.access_key_id}:{running.secret_access_key}",
        }
        env = self.folder / "env"
        env.touch(0o600)
        env.write_text(
            "unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n"
            + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
        )


def _new_client(running: Running, service: str, **options: Any) -> Any:
    return boto3.client(
        service,
        **{
            "endpoint_url": running.url,
            "region_name": REGION,
            "verify": running.ca_bundle,
            "aws_access_key_id": running.access_key_id,
            "aws_secret_access_key": running.secret_access_key,
            "config": Config(s3={"addressing_style": "path"}, max_pool_connections=CONNECTIONS),
            **options,
        },
    )


def _runtimes_of(python: Path) -> list[str]:
    (own,) = (one.name for one in python.parent.parent.glob("lib/python3.*"))
    return list(dict.fromkeys([own, *pythons_of_machine()]))


def _read_record(path: Path) -> Running | None:
    try:
        return Running(**{"pid": NO_PROCESS, **json.loads(path.read_text())})
    except (FileNotFoundError, ValueError, TypeError):  # missing, or truncated by a full disk or a killed process
        return None


def _served(running: Running) -> tuple[str, str]:
    """The app and the address in the command line of the recorded process."""
    return f"{APP.parent.name}/{APP.name}:app", f"{LOOPBACK}:{running.port}"


def _in_use(port: int) -> str:
    return (
        f"port {port} is in use by another program, and a snapshot holds addresses with its port: "
        "end that program, or deploy anew"
    )


def _without_aws(environment: Any) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(("AWS_", "MINISTACK_"))}


def _answers(url: str, ca_bundle: str) -> bool:
    try:
        context = ssl.create_default_context(cafile=ca_bundle)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(f"{url}/_ministack/health", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])
