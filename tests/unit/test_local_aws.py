import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import botocore
import pytest
from botocore.config import Config

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws, Running
from sluice_cli.local_aws.signed_request import answered, own_request, signed_request
from sluice_cli.testing import http_request
from tests.support.waiting import eventually

from .answering import answering

CALLERS = {
    "AWS_ACCESS_KEY_ID": "AKIA" + "EXAMPLE0" * 2,
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_PROFILE": "production",
    "AWS_DEFAULT_PROFILE": "production",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/production",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/",
    "AWS_ENDPOINT_URL": "https://s3.amazonaws.com",
    "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
    "AWS_SHARED_CREDENTIALS_FILE": "/credentials",
    "AWS_CONFIG_FILE": "/config",
    "AWS_CA_BUNDLE": "/ca.pem",
    "MINISTACK_REGION": "eu-west-1",
}


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAws]:
    """The record of a local AWS that answers health checks, which is enough for an environment."""
    with answering("/_ministack/health") as port:
        running = Running(
            pid=0,
            url=f"http://127.0.0.1:{port}",
            ca_bundle=str(Path(botocore.__file__).parent / "cacert.pem"),
            access_key_id="own",
            secret_access_key="own-secret",  # noqa: S106
        )
        (tmp_path / "local-aws.json").write_text(json.dumps(vars(running)))
        yield LocalAws(tmp_path)


def test_no_aws_variable_of_the_caller_reaches_the_local_run(
    local: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CALLERS.items():
        monkeypatch.setenv(name, value)
    running = local.running()
    assert running is not None
    environment = local.environment()
    assert {name: value for name, value in environment.items() if name.startswith(("AWS_", "MINISTACK_"))} == {
        "AWS_ENDPOINT_URL": running.url,
        "AWS_CA_BUNDLE": running.ca_bundle,
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    assert environment["NO_PROXY"] == "127.0.0.1"


def test_the_callers_other_variables_and_settings_reach_the_local_run(
    local: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "pr-1")
    assert local.environment()["ENVIRONMENT_SUFFIX"] == "pr-1"


def test_without_a_running_local_aws_there_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match=r"^the local AWS is not running: run `sluice up` first$"):
        LocalAws(tmp_path).environment()


def test_a_stop_does_not_end_a_stranger_that_has_the_recorded_process_number(tmp_path: Path) -> None:
    """The system gives the number of an ended process to another, and a snapshot keeps a record for long."""
    folder = tmp_path / "local"
    folder.mkdir()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        running = Running(stranger.pid, "https://127.0.0.1:4566", "ca", "key", "secret")
        (folder / "local-aws.json").write_text(json.dumps(vars(running)))
        assert LocalAws(folder).stop()
        assert stranger.poll() is None
        stranger.kill()
    assert not folder.exists()


def test_the_variables_for_a_shell_lead_to_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "Jo's pröjects" / "local"
    folder.mkdir(parents=True)
    ca_bundle = str(folder / "client.pem")
    LocalAws(folder)._write_credentials(Running(0, "https://127.0.0.1:1", ca_bundle, "AKIA", "secret"))
    read = ["/bin/sh", "-c", '. "$0"/env; printf %s "$AWS_CA_BUNDLE"', str(folder)]
    assert subprocess.run(read, check=True, capture_output=True, text=True).stdout == ca_bundle


def test_a_path_that_terraform_would_expand_is_refused_before_anything_starts(tmp_path: Path) -> None:
    folder = tmp_path / "a$b" / "local"
    with pytest.raises(LocalAwsError, match=r"a\$b/local has a \$ in its path, which Terraform expands: move the pro"):
        LocalAws(folder).start()
    assert not folder.exists()


def test_a_client_of_a_local_aws_whose_process_has_ended_is_refused(local: LocalAws) -> None:
    with pytest.raises(LocalAwsError, match=r"^the local AWS is not running: run `sluice up` first$"):
        local.client("s3")


@contextmanager
def recorded_process(folder: Path, port: int) -> Iterator[None]:
    """A running process that a record names, and whose command line is that of a local AWS."""
    serving = ["sh", "-c", "read -r line", "serving", "emulator/app.py:app", f"127.0.0.1:{port}"]
    with subprocess.Popen(serving, stdin=subprocess.PIPE) as process:
        running = Running(process.pid, f"https://127.0.0.1:{port}", "ca", "key", "secret")
        (folder / "local-aws.json").write_text(json.dumps(vars(running)))
        eventually(LocalAws(folder).process)  # its command line may be empty at first
        yield


def test_equal_clients_are_made_once_for_each_run_of_the_local_aws(tmp_path: Path) -> None:
    local = LocalAws(tmp_path)
    with recorded_process(tmp_path, 4566):
        first = local.client("s3")
        assert local.client("s3") is first
        other = local.client("s3", region_name="eu-west-1")
        assert other.meta.region_name == "eu-west-1"
        assert local.client("s3", region_name="eu-west-1") is other
        assert local.client("s3", config=Config()) is not local.client("s3", config=Config())
    with recorded_process(tmp_path, 4567):
        assert local.client("s3").meta.endpoint_url == "https://127.0.0.1:4567"


def test_a_request_that_a_running_process_does_not_answer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "client.pem").touch()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        running = Running(1, url, str(tmp_path / "client.pem"), "key", "secret")
        monkeypatch.setattr(LocalAws, "process", lambda local: running)
        with pytest.raises(LocalAwsError, match="not running"):
            own_request(LocalAws(tmp_path), "GET", "/_sluice/denials")
        with pytest.raises(LocalAwsError, match="not running"):
            signed_request(LocalAws(tmp_path), "GET", f"{url}/orders")
        with pytest.raises(LocalAwsError, match="not running"):
            http_request(LocalAws(tmp_path), "GET", f"{url}/orders")


def test_a_request_without_the_certificate_of_a_local_aws_says_that_it_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match=r"^the local AWS is not running: run `sluice up` first$"):
        http_request(LocalAws(tmp_path), "GET", "https://127.0.0.1:1/orders")


def test_a_request_that_is_not_answered_in_time_says_so(tmp_path: Path) -> None:
    (tmp_path / "client.pem").touch()
    with socket.create_server(("127.0.0.1", 0)) as busy:  # and accepts no connection
        url = f"http://127.0.0.1:{busy.getsockname()[1]}"
        with pytest.raises(LocalAwsError, match=r"^the local AWS does not answer within 0\.1 s$"):
            answered(LocalAws(tmp_path), "GET", url, seconds=0.1)


def test_a_request_whose_connection_is_closed_says_that_nothing_runs_and_other_errors_are_as_they_are(
    tmp_path: Path,
) -> None:
    (tmp_path / "client.pem").touch()
    with socket.create_server(("127.0.0.1", 0)) as closing:
        address = f"127.0.0.1:{closing.getsockname()[1]}"

        def close() -> None:
            for _ in range(2):
                closing.accept()[0].close()

        threading.Thread(target=close, daemon=True).start()
        with pytest.raises(LocalAwsError, match="not running"):
            answered(LocalAws(tmp_path), "GET", f"http://{address}")
        with pytest.raises(OSError, match="X509"):  # the certificate file is empty
            answered(LocalAws(tmp_path), "GET", f"https://{address}")
