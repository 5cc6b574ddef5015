"""Faults that tests put in front of a service."""

import threading

from checks.soak.proxy import Answer, Fault, Proxy, Request, Reset, proxy

__all__ = ["Answer", "Fault", "Proxy", "Request", "Reset", "proxy", "refusing"]


def refusing(status: int = 500, *, times: int | None = None) -> Fault:
    """Answer with an error, the first `times` requests only if given."""
    left = threading.Semaphore(times) if times is not None else None

    def fault(request: Request) -> Answer | None:
        del request
        return Answer(status) if left is None or left.acquire(blocking=False) else None

    return fault
