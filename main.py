"""The CDKTF app: settings, then a stack for each system, then synth."""

import contextlib
import gc
import json
import os
import sys
from pathlib import Path

from settings import Settings, SettingsError


def context() -> dict[str, object]:
    """The context of cdktf.json: from CDKTF_CONTEXT_JSON, which the CLI sets, or from the file itself."""
    given = os.environ.get("CDKTF_CONTEXT_JSON")
    if given:
        return dict(json.loads(given))
    return dict(json.loads((Path(__file__).parent / "cdktf.json").read_text()).get("context", {}))


def main() -> int:
    try:
        settings = Settings.load(os.environ, context())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    # Objects made during synth live until its end; searching them for garbage takes a tenth of Python's time.
    gc.set_threshold(200_000)
    # Imported after the settings are validated: the import starts Node.js and reads the provider binding.
    from modules import ConfigurationError  # first: it prepares the provider binding and jsii

    # isort: split
    from cdktf import App

    from stacks import add_systems

    app = App()
    try:
        add_systems(app, settings)
        app.synth()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        # App has created its output folders already: remove them unless they hold the result of an earlier run.
        for folder in (Path(app.outdir, "stacks"), Path(app.outdir)):
            with contextlib.suppress(OSError):
                folder.rmdir()
        return 2
    if settings.state_bucket is None:
        print("STATE_BUCKET is not set: read the result, but to plan or deploy run `make state` first", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
