"""Serves the local AWS: `python serve.py APP ADDRESS CERTIFICATE KEY`, all in this process. A certificate that does not
exist is made, with that of its authority beside it in `client.pem`.

hypercorn's command would start a second process for the app, which takes half a second more, and would let requests
finish when it is to end.
"""

import asyncio
import sys
from pathlib import Path

import trustme
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config
from hypercorn.utils import load_application


def main(app: str, address: str, certificate: str, key: str) -> None:
    if not Path(certificate).exists():
        make_certificate(address.rpartition(":")[0], Path(certificate), Path(key))
    config = Config()
    config.bind = [address]
    config.certfile, config.keyfile = certificate, key
    loaded = load_application(app, config.wsgi_max_body_size)
    asyncio.run(worker_serve(loaded, config, shutdown_trigger=asyncio.Event().wait))  # until a signal ends it


def make_certificate(host: str, certificate: Path, key: Path) -> None:
    authority = trustme.CA()
    made = authority.issue_cert(host, "localhost")
    made.private_key_pem.write_to_path(str(key))
    for part in made.cert_chain_pems:
        part.write_to_path(str(certificate), append=True)
    authority.cert_pem.write_to_path(str(certificate.with_name("client.pem")))


if __name__ == "__main__":
    main(*sys.argv[1:])
