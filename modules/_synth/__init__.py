"""How the AWS provider binding and jsii are loaded: only the parts in use, unless `SLUICE_SYNTH=ordinary`.

Ordinarily each synth reads the whole binding (2,100 submodules, 360 MB of JavaScript). `install()` changes
how they are loaded, never what is synthesized; `docs/synth.md` lists what it does and the files it keeps. With the
environment variable `SLUICE_SYNTH=ordinary` nothing is changed and nothing is kept in the user's cache folder.

Where the fast way cannot be taken, the ordinary one is, and a line on standard error says why (`notice.py`).
"""

import os

from . import notice
from .switch import FAST, ORDINARY, SWITCH, is_on


def install() -> None:
    """Prepare jsii and the binding. Has to be called before either is used."""
    given = os.environ.get(SWITCH, FAST)
    if given not in (FAST, ORDINARY):
        notice.say(f"{SWITCH} is {given!r}, which is neither {FAST} nor {ORDINARY}; {FAST} is assumed")
    if is_on():
        from . import provider_binding  # imports jsii, which the ordinary way leaves to its users

        provider_binding.install()
