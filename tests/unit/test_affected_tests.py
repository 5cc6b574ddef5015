"""Which tests `make check` runs for what changed."""

import subprocess
from pathlib import Path

import pytest

from checks import ROOT
from scripts.affected_tests import SLOW, affected_tests, changed_files, is_quick

FILES = {
    "modules/__init__.py": "from .queue import Queue\nfrom .table import Table\n",
    "modules/queue.py": "class Queue: ...\n",
    "modules/table.py": "from .queue import Queue\nclass Table: ...\n",
    "sluice_cli/verbs/failures.py": "",
    "sluice_cli/local_aws/emulator/queues.py": "",
    "lambda/tracker/handler.py": "",
    "scripts/setup.sh": "",
    "docs/queues.md": "",
    "tests/support/queued.py": "from modules import Queue\n",
    "tests/support/waiting.py": "",
    "tests/functions/conftest.py": 'def loaded():\n    "tracker"\n\n\ndef called(loaded): ...\n\n\ndef aws(): ...\n',
    "tests/functions/test_tracker.py": "def test_it(called): ...\n",
    "tests/functions/test_local_aws_queues.py": "def test_it(aws): ...\n",
    "tests/local/test_failures.py": 'def test_it(deployment):\n    run("failures")\n',
    "tests/unit/test_queue.py": "import modules\nmodules.Queue\n",
    "tests/unit/test_table.py": "from modules import Table\n",
    "tests/unit/test_queued.py": "from tests.support.queued import Queue\n",
    "tests/unit/test_waiting.py": "def late():\n    from tests.support import waiting\n",
    "tests/unit/test_setup.py": 'SETUP = "scripts/setup.sh"\n',
    "tests/unit/test_docs.py": 'PAGES = ROOT / "docs"\n',
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("modules/queue.py", ["unit/test_queue", "unit/test_queued"]),
        ("modules/table.py", ["unit/test_table"]),
        ("sluice_cli/verbs/failures.py", ["local/test_failures"]),
        ("sluice_cli/local_aws/emulator/queues.py", ["functions/test_local_aws_queues"]),
        ("lambda/tracker/handler.py", ["functions/test_tracker"]),
        ("scripts/setup.sh", ["unit/test_setup"]),
        ("docs/queues.md", ["unit/test_docs"]),
        ("docs/removed.md", ["unit/test_docs"]),
        ("tests/support/waiting.py", ["unit/test_waiting"]),
        ("tests/functions/conftest.py", ["functions/test_local_aws_queues", "functions/test_tracker"]),
        ("tests/unit/test_table.py", ["unit/test_table"]),
        ("LICENSE", []),
    ],
)
def test_the_tests_of_a_file_define_use_or_name_it(tree: Path, changed: str, tests: list[str]) -> None:
    assert affected_tests([changed], tree) == [f"tests/{name}.py" for name in tests]


def test_tests_that_deploy_are_left_to_make_test(tree: Path) -> None:
    (tree / "tests/functions/test_deployed.py").write_text("def test_it(deployment): ...\n")
    quick = {path: is_quick(path, tree) for path in affected_tests(FILES, tree) if "/unit/" not in path}
    assert quick == {
        "tests/functions/test_local_aws_queues.py": True,
        "tests/functions/test_tracker.py": True,
        "tests/local/test_failures.py": False,
    }
    assert not is_quick("tests/functions/test_deployed.py", tree)


def test_slow_files_exist() -> None:
    assert [path for path in sorted(SLOW) if not (ROOT / path).is_file()] == []


def test_changed_is_what_differs_from_where_the_branch_left_main_or_from_a_commit(tree: Path) -> None:
    def git(*arguments: str) -> None:
        own = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *own, *arguments], cwd=tree, check=True, capture_output=True)

    assert changed_files(root=tree) == []
    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "-m", "All")
    assert changed_files(root=tree) == []
    git("checkout", "-b", "branch")
    (tree / "modules/queue.py").write_text("class Queue:\n    new = True\n")
    git("commit", "-a", "-m", "Queue")
    (tree / "modules/table.py").unlink()
    (tree / "modules/topic.py").write_text("")
    assert changed_files(root=tree) == ["modules/queue.py", "modules/table.py", "modules/topic.py"]
    assert changed_files("branch", tree) == ["modules/table.py", "modules/topic.py"]
    with pytest.raises(SystemExit, match=r"^'nowhere' is no commit of this repository: give one, such as HEAD~1"):
        changed_files("nowhere", tree)
