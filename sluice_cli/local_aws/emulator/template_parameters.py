"""Parameters of requests in mapping templates: ministack 1.5.33 gives headers the names that its server gives them, in
lower case, so that `$input.params('X-Signature')` would be empty. API Gateway finds headers in any case.
"""

from typing import Any

from ministack.services import apigateway_v1

from completing import existing

_plain_render = existing(apigateway_v1, "_render_request_template_v1")


class _Parameters(dict[str, Any]):
    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, super().get(name.lower(), default))


def _render(template: str, body: str, parameters: dict[str, Any], context: Any = None) -> str:
    return str(_plain_render(template, body, _Parameters(parameters), context))


apigateway_v1._render_request_template_v1 = _render
