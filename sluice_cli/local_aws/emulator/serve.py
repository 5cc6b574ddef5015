"""Serves the local AWS: `python serve.py APP ADDRESS CERTIFICATE KEY`, all in this process.

hypercorn's command would start a second process for the app, which takes half a second more, and would let requests
finish when it is to end.
"""

import asyncio
import sys

from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config
from hypercorn.utils import load_application


def main(app: str, address: str, certificate: str, key: str) -> None:
    config = Config()
    config.bind = [address]
    config.certfile, config.keyfile = certificate, key
    loaded = load_application(app, config.wsgi_max_body_size)
    asyncio.run(worker_serve(loaded, config, shutdown_trigger=asyncio.Event().wait))  # until a signal ends it


if __name__ == "__main__":
    main(*sys.argv[1:])
