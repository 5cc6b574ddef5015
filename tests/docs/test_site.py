"""The documentation site builds without a warning: no broken link, no page that is nowhere listed."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".tools" / "docs" / "bin" / "python"


# Sphinx as `python -m sphinx` starts it, without Python's search for garbage, which takes a fifth of the time.
SPHINX = """
import gc, sys
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.cmd.build import main
StandaloneHTMLBuilder.search = {search}
gc.disable()
sys.exit(main(sys.argv[1:]))
"""


def build(source: Path, out: Path, *options: str, search: bool = True) -> None:
    command = [
        str(PYTHON),
        "-c",
        SPHINX.format(search=search),
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        *options,
        str(source),
        str(out),
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    # The site's own theme writes the tree of all pages beside each page, which takes as long as all else; the index for
    # the search takes an eighth of the rest. The last test has both.
    build(ROOT / "docs", out, "-D", "html_theme=basic", search=False)
    return out


def test_every_exported_class_has_a_page_under_the_name_that_people_import(site: Path) -> None:
    exported = (ROOT / "modules" / "__init__.py").read_text().partition("__all__ = [")[2].partition("]")[0]
    classes = {name.strip(' ",') for name in exported.splitlines() if name.strip(' ",')[:1].isupper()}
    assert classes
    assert classes - {page.stem for page in (site / "reference" / "sluice").glob("*.html")} == set()


def test_a_class_page_shows_its_docstring_and_its_verbs(site: Path) -> None:
    page = (site / "reference" / "sluice" / "Bucket.html").read_text()
    assert "restrict_objects_to" in page
    # Methods of new and existing buckets have a page that both link to.
    assert "AnyBucket" in page
    common = (site / "reference" / "sluice" / "AnyBucket.html").read_text()
    assert "on_object_created" in common
    assert "grant_read" in common


def test_the_theme_of_the_site_renders_a_page(tmp_path: Path) -> None:
    theme = re.search(r'^html_theme = "(\w+)"$', (ROOT / "docs" / "conf.py").read_text(), re.MULTILINE)
    assert theme
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.rst").write_text("A page\n======\n\nIts text\n")
    # With the repository's conf.py, but another module instead of the classes, whose reference takes long.
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "module.py").write_text('"""A module."""\n')
    instead = ("-D", f"autoapi_dirs={tmp_path / 'module'}", "-D", "autoapi_generate_api_docs=0")
    build(tmp_path / "source", tmp_path / "out", "-c", str(ROOT / "docs"), *instead)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Its text" in page
    assert f"{theme[1]}.css" in page
    assert "text" in (tmp_path / "out" / "searchindex.js").read_text()
