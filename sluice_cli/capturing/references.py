"""Replaces names of deployed resources by references to Terraform's state, so that an event works
with any deployment.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sluice_cli.deployed.resources import Resource
from sluice_cli.errors import InputError

# `${object-tracker:aws_s3_bucket.Objects_Bucket_80F6A514.bucket}`
REFERENCE = re.compile(r"\$\{([^:{}]+):([\w-]+\.[\w-]+)\.(\w+)\}")
ACCOUNT = "${account}"
# Attributes by which a resource is named: as part of a text, and as a whole text only.
INSIDE = ("stream_arn", "arn", "url", "invoke_url", "execution_arn")
WHOLE = ("bucket", "function_name", "name", "id")
SHORTEST_NAME = 3


class References:
    """Replaces names of resources by references, and references by names."""

    def __init__(self, resources: Iterable[Resource], account: str) -> None:
        self._inside: dict[str, str] = {}
        self._whole: dict[str, str] = {}
        self._account = account
        for one in resources:
            for names, kept in ((INSIDE, self._inside), (WHOLE, self._whole)):
                for name in names:
                    value = one.attributes.get(name)
                    if isinstance(value, str) and len(value) >= SHORTEST_NAME:
                        kept.setdefault(value, f"${{{one.stack}:{one.address}.{name}}}")
        longest = sorted((one for one in self._inside if ":" in one), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest))) if longest else None

    def put_into(self, value: Any) -> Any:
        """The JSON document with references."""
        if isinstance(value, dict):
            return {name: self.put_into(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.put_into(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if text in self._whole:
            return self._whole[text]
        if text[:1] in ("{", "["):
            # JSON inside a string, such as a message's body.
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                document = None
            if document is not None and (put := self.put_into(document)) != document:
                return json.dumps(put)
        if self._pattern:
            text = self._pattern.sub(lambda found: self._inside[found[0]], text)
        if text == self._account:
            return ACCOUNT
        return re.sub(rf"(?<=:){self._account}(?=:)", ACCOUNT, text) if self._account else text


def resolved(value: Any, states: Mapping[str, Sequence[Resource]], account: str) -> Any:
    """The JSON document with the names of deployed resources. Raises `InputError` for a resource
    that is not deployed.
    """
    if isinstance(value, dict):
        return {name: resolved(one, states, account) for name, one in value.items()}
    if isinstance(value, list):
        return [resolved(one, states, account) for one in value]
    if not isinstance(value, str):
        return value

    def found(match: re.Match[str]) -> str:
        stack, address, name = match.groups()
        for one in states.get(stack, ()):
            if one.address == address and name in one.attributes:
                return str(one.attributes[name])
        raise InputError(f"{match[0]}: nothing of that address is deployed; was it renamed since it was captured?")

    return REFERENCE.sub(found, value).replace(ACCOUNT, account)
