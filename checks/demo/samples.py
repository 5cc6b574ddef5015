"""Uploads of the files in `samples` to a bucket."""

import hashlib
import mimetypes
from collections.abc import Mapping

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terminal import console

SAMPLES = ROOT / "samples"


def upload(local: LocalAws, bucket: str, files: Mapping[str, str]) -> None:
    """Upload the samples, by key, that are not in the bucket with the same content yet. The Content-Type is guessed
    from the key, as most upload programs do.
    """
    s3 = local.client("s3")
    there = {one["Key"]: one["ETag"].strip('"') for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    missing = {
        key: content
        for key, name in files.items()
        # The ETag of an object uploaded in one part is the MD5 of its content.
        if there.get(key) != hashlib.md5(content := (SAMPLES / name).read_bytes(), usedforsecurity=False).hexdigest()
    }
    for key, content in missing.items():
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind)
        console.print(f"Uploaded {key} ({len(content)} bytes)", markup=False)
    if not missing:
        console.print("All files were there already, unchanged: nothing was uploaded.")


def try_upload(region: str, bucket: str) -> str:
    """Shell commands that upload `hello.txt`. The payload is unsigned, because curl 7 signs an
    empty payload with -T.
    """
    return f"""echo hello > hello.txt
curl --aws-sigv4 aws:amz:{region}:s3 --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" -T hello.txt "$AWS_ENDPOINT_URL/{bucket}/hello.txt\""""
