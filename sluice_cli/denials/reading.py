"""Reads the calls that the local AWS refused."""

import json
from typing import Any

from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial, Explanation
from sluice_cli.deployed.resources import functions_in, resources_of
from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import own_request
from sluice_cli.stack import synthesized_stacks
from sluice_cli.target import Target

PATH = "/_sluice/denials"


class DenialReader:
    """Reads the calls that the local AWS refused after the reader was created, each call once."""

    def __init__(self, local: LocalAws, *, from_start: bool = False) -> None:
        self._local = local
        self._last = 0 if from_start else self._read(0)["last"]

    def read(self) -> list[Denial]:
        """New refused calls. Raises `LocalAwsError` if the local AWS does not answer."""
        answer = self._read(self._last)
        # A lower number than the last one: the local AWS was started again and counts from zero.
        if answer["last"] < self._last:
            answer = self._read(0)
        self._last = answer["last"]
        return [Denial.recorded(one) for one in answer["denials"]]

    def _read(self, after: int) -> dict[str, Any]:
        status, body = own_request(self._local, "GET", f"{PATH}?after={after}")
        if status != 200:
            raise LocalAwsError(
                "the local AWS was started by another version of sluice and keeps no refused calls: "
                "run `sluice down` and `sluice up`"
            )
        return dict(json.loads(body))


def explained_denials(target: Target, denials: list[Denial]) -> list[Explanation]:
    """The refused calls of the project's functions, with the code that grants each. Calls of other
    roles are left out.
    """
    if not denials:
        return []
    resources = resources_of(synthesized_stacks(target))
    roles = {one.role_name for one in functions_in(resources)}
    explainer = Explainer(resources, target.project.folder)
    return [explainer.explain(one) for one in denials if one.role in roles]
