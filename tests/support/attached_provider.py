"""One process of Terraform's AWS provider for many commands, each of which would start several: two for every run of
`terraform test`.

The process can be configured once, if at all, so this is for commands that do not configure providers: `validate`, and
`test` with a mocked provider.
https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sluice_cli.terraform.mirror import MirrorError, find_mirrors
from tests.support.provider_mirror import PROVIDERS, as_before

VARIABLE = "TF_REATTACH_PROVIDERS"
SAID = re.compile(rf"\s*{VARIABLE}='(.*)'")


@contextmanager
def attached_provider(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment in which Terraform uses that process; unchanged where no unpacked provider is on disk."""
    provider = next(_on_disk(environment), None)
    if provider is None:
        yield dict(environment)
        return
    with (
        tempfile.NamedTemporaryFile() as errors,
        subprocess.Popen(
            [provider, "-debug"], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if found := SAID.match(line):
                    break
            else:
                raise AssertionError(f"the provider ended: {''.join(lines)}{Path(errors.name).read_text()}")
            yield {**environment, VARIABLE: found[1]}
        finally:
            process.terminate()


def _on_disk(environment: Mapping[str, str]) -> Iterator[Path]:
    with suppress(MirrorError):
        for mirror in find_mirrors(as_before(environment)):
            yield from (path for path in mirror.rglob(PROVIDERS) if path.is_file() and os.access(path, os.X_OK))
