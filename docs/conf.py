"""The documentation site: the pages of this folder and a reference made from docstrings. `make docs` builds it."""

import re
import shutil
import tempfile
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

project = "Sluice"
extensions = ["myst_parser", "autoapi.extension", "sphinx_copybutton"]
html_theme = "furo"
html_title = "Sluice"
exclude_patterns = ["workflows/*.yml", "_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

# The classes are documented under the name that the wheel gives them, and read as text: nothing is imported.
_sources = Path(tempfile.mkdtemp(prefix="sluice-docs-"))
shutil.copytree(ROOT / "modules", _sources / "sluice", ignore=shutil.ignore_patterns("__pycache__"))
# Classes that are imported on demand are named for type checkers only, which is not followed here.
_exports = _sources / "sluice" / "__init__.py"
_on_demand = re.compile(r"^if TYPE_CHECKING:\n((?:    .*\n)+)", re.MULTILINE)
_exports.write_text(_on_demand.sub(lambda block: textwrap.dedent(block[1]), _exports.read_text()))
shutil.copytree(ROOT / "sluice_functions", _sources / "sluice_functions", ignore=shutil.ignore_patterns("__pycache__"))
autoapi_dirs = [str(_sources / "sluice"), str(_sources / "sluice_functions")]
autoapi_root = "reference"
autoapi_ignore = ["*/_synth/*"]
autoapi_options = ["members", "undoc-members", "show-module-summary", "imported-members"]
autoapi_own_page_level = "class"
autoapi_add_toctree_entry = False
autoapi_python_class_content = "both"
autoapi_member_order = "bysource"
# Docstrings put code between single backticks.
default_role = "code"
suppress_warnings = ["autoapi.python_import_resolution", "myst.header"]

DOCUMENTED = ("sluice", "sluice.testing")


def _skip_modules_behind_the_exports(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    del app, obj, skip, options
    toolkit, _, module = name.partition(".")
    if what not in ("module", "package") or name in DOCUMENTED:
        return None
    return None if toolkit == "sluice_functions" and not module.startswith("_") else True


def setup(app: Any) -> None:
    app.connect("autoapi-skip-member", _skip_modules_behind_the_exports)
