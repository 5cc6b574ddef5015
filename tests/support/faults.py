"""Faults that tests put in front of a service."""

import threading

from checks.soak.proxy import Answer, Fault, ProxiedRequest, Proxy, Reset, proxy

__all__ = ["Answer", "Fault", "ProxiedRequest", "Proxy", "Reset", "proxy", "refusing"]


def refusing(status: int = 500, *, times: int | None = None) -> Fault:
    """Answer with an error, the first `times` requests only if given."""
    left = threading.Semaphore(times) if times is not None else None

    def fault(request: ProxiedRequest) -> Answer | None:
        del request
        return Answer(status) if left is None or left.acquire(blocking=False) else None

    return fault
