"""jsii in one Node process."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cdktf import TerraformStack, Testing
from jsii._kernel.providers import process

from checks import ROOT
from modules._framework import install as framework
from modules._synth.jsii_process import ONE_PROCESS, OneProcess, install

# Prints the Node processes below this one while JavaScript runs.
COUNT = """
import subprocess, os
{before}
import modules
from cdktf import App
App()
listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
rows = [line.split(None, 2) for line in listed.splitlines()]
below = {{str(os.getpid())}}
for _ in rows:
    below |= {{pid for pid, parent, name in rows if parent in below}}
print(sum(name.startswith("node") for pid, parent, name in rows if pid in below))
"""


def node_processes(folder: Path, before: str = "") -> tuple[int, str]:
    """The number of Node processes, and the notices on standard error."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(before=before)],
        cwd=ROOT,
        env={**os.environ, "CDKTF_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout), done.stderr


def test_javascript_runs_in_one_process(tmp_path: Path) -> None:
    assert node_processes(tmp_path) == (1, "")


# The module with one change, which is in place before `modules` uses it.
OTHER = """
import sys, types
stand_in = sys.modules["modules"] = types.ModuleType("modules")
stand_in.__path__ = ["modules"]
from modules._synth import jsii_process
jsii_process.CHANNEL = b"another way to speak"
del sys.modules["modules"]
"""


def test_a_jsii_that_is_not_as_known_starts_as_it_always_does_and_that_is_reported(tmp_path: Path) -> None:
    assert node_processes(tmp_path, OTHER) == (
        2,
        "sluice: synthesizing takes longer than it needs to: this version of jsii starts its second process in a way "
        "that is not known (SLUICE_SYNTH=ordinary silences this)\n",
    )


def test_a_jsii_that_knows_no_stack_traces_of_the_host_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(process, "_stack_traces_enabled")
    install()
    assert vars(process)["_NodeProcess"] is OneProcess


def test_what_javascript_prints_never_gets_between_jsiis_messages(tmp_path: Path) -> None:
    program = tmp_path / "program.js"
    program.write_text(
        "const fs = require('fs'); const line = Buffer.alloc(64);\n"
        "console.log('to out'); console.error('to err');\n"
        "fs.writeSync(3, `got ${line.toString('utf8', 0, fs.readSync(3, line))}`);\n"
    )
    said = subprocess.run(
        ["node", str(ONE_PROCESS), str(program)], input="a message\n", capture_output=True, text=True, check=True
    )
    assert said.stdout == "got a message\n"
    printed = [json.loads(line) for line in said.stderr.splitlines()]
    assert [{name: base64.b64decode(text).decode() for name, text in one.items()} for one in printed] == [
        {"stdout": "to out\n"},
        {"stderr": "to err\n"},
    ]


def test_what_packs_folders_is_loaded_once_it_is_used(tmp_path: Path) -> None:
    packer, program = tmp_path / "node_modules" / "archiver" / "index.js", tmp_path / "program.js"
    packer.parent.mkdir(parents=True)
    packer.write_text(
        "global.said += ' loaded'; module.exports = (kind) => `made ${kind}`; module.exports.own = 'own';\n"
    )
    program.write_text(
        "global.said = ''; const archiver = require('archiver'); global.said += 'before';\n"
        "require('fs').writeSync(3, [archiver('zip'), archiver.own, said].join(', '));\n"
    )
    done = subprocess.run(["node", str(ONE_PROCESS), str(program)], capture_output=True, text=True, check=True)
    assert done.stdout == "made zip, own, before loaded"


def compiled_from(folder: Path, program: Path) -> tuple[str, list[int]]:
    """What a program prints, and the files of compiled code in the folder after it."""
    command = ["node", str(ONE_PROCESS), str(program), str(folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return said, [file.stat().st_ino for file in folder.iterdir()] if folder.is_dir() else []


def test_compiled_code_is_kept_and_taken_while_the_javascript_is_the_same(tmp_path: Path) -> None:
    folder, program, loaded = tmp_path / "kept", tmp_path / "program.js", tmp_path / "loaded.js"
    folder.mkdir()
    program.write_text("require('fs').writeSync(3, require('./loaded').say() + require.resolve('./loaded'));\n")
    loaded.write_text("#!/usr/bin/env node\nexports.say = () => `${module.filename} ${__dirname} one `;\n")
    said, files = compiled_from(folder, program)
    assert said == f"{loaded} {tmp_path} one {loaded}"
    assert len(files) == 1
    assert compiled_from(folder, program) == (said, files)  # else it would have been written again

    moved = tmp_path / "moved"
    moved.mkdir()
    for file in (program, loaded):
        file.rename(moved / file.name)
    program, loaded = moved / program.name, moved / loaded.name
    assert compiled_from(folder, program) == (f"{loaded} {moved} one {loaded}", files)

    loaded.write_text(loaded.read_text().replace("one", "two"))  # V8 itself compares only the length
    said, changed = compiled_from(folder, program)
    assert said == f"{loaded} {moved} two {loaded}"
    assert changed != files
    assert compiled_from(folder, program) == (said, changed)


def test_compiled_code_that_cannot_be_read_or_kept_changes_nothing(tmp_path: Path) -> None:
    folder, program = tmp_path / "kept", tmp_path / "program.js"
    folder.mkdir()
    program.write_text("require('fs').writeSync(3, 'said');\n")
    said, files = compiled_from(folder, program)
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:-40])
    said_again, changed = compiled_from(folder, program)
    assert (said, said_again) == ("said", "said")
    assert changed != files
    assert compiled_from(folder, program) == ("said", changed)
    assert compiled_from(tmp_path / "none", program) == ("said", [])
    file = tmp_path / "file"  # a folder that may not be entered fails the same way, but not for root
    file.touch()
    assert compiled_from(file, program) == ("said", [])


def test_what_is_kept_is_removed_when_it_has_not_been_used_for_a_month(tmp_path: Path) -> None:
    folder, program = tmp_path / "kept", tmp_path / "program.js"
    folder.mkdir()
    program.write_text("require('fs').writeSync(3, 'said');\n")
    compiled_from(folder, program)
    (kept,) = folder.iterdir()
    day = 24 * 60 * 60
    for name, days in ((kept.name, 31), ("v1.2.3-arm", 31), (f"{kept.name}.draft", 31), ("v4.5.6-x64", 29)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - days * day,) * 2)

    compiled_from(folder, program)
    assert kept.stat().st_mtime > time.time() - day  # it was read
    program.write_text("require('fs').writeSync(3, 'more');\n")
    compiled_from(folder, program)
    assert sorted(file.name for file in folder.iterdir()) == sorted((kept.name, "v4.5.6-x64"))


def test_processes_of_the_same_id_never_write_the_same_draft(tmp_path: Path) -> None:
    """As in containers that share a home folder."""
    folder, program = tmp_path / "kept", tmp_path / "program.js"
    folder.mkdir()
    program.write_text(
        "const fs = require('fs'); const { renameSync } = fs; Object.defineProperty(process, 'pid', { value: 7 });\n"
        f"fs.renameSync = (from, to) => {{ renameSync(from, to); fs.writeFileSync({str(tmp_path / 'drafts')!r}, "
        "`${require('path').basename(from)}\\n`, { flag: 'a' }); };\n"
    )
    for _ in range(2):
        compiled_from(folder, program)
        for file in folder.iterdir():
            file.unlink()
    drafts = (tmp_path / "drafts").read_text().splitlines()
    assert (len(drafts), len(set(drafts))) == (2, 2)


# Values of all kinds, with and without tokens, wherever cdktf resolves them.
RESOLVED = """
import sys
if "modules" in sys.argv:
    import modules
import jsii
from cdktf import (
    DefaultTokenResolver, Fn, IResolvable, StringConcat, TerraformOutput, TerraformStack, TerraformVariable, Testing,
    Token, Tokenization,
)

@jsii.implements(IResolvable)
class Own:
    creation_stack = []
    type_hint = None

    def resolve(self, context, **options):
        return {"own": text}

    def to_string(self):
        return Token.as_string(self)

    def to_json(self):
        return "own"

stack = TerraformStack(Testing.app(), "stack")
variable = TerraformVariable(stack, "variable", type="any")
text, number, items = variable.string_value, variable.number_value, variable.list_value
values = {
    "plain": ["a", "", "${not_a_token}", "1e5", "-2.5e-3", "x3e9y", "}", '"', "\\\\n", "\u00e4", "TfToken"],
    "others": [True, False, 0, -1, 2.5, 1e300, 123456789, {}, [], [[]], [{}], {"a": {}}],
    "nothing": {"a": None, "b": [None, "c", None]},
    "texts": [text, f"before {text} after", f"{text}{text}", {"in": [text]}, f"${{{text}}}"],
    "texts beside texts": [f"{{{text}", f"1e5 {text}", f"TfToken {text} TfToken[", f"}}{text}{{"],
    "numbers": [number, f"port {number}", {"in": number}],
    "a number in a text": {"port": f"port {number}", "ports": [f"{number} and {number}"]},
    "lists": {"whole": items, "element": Fn.element(items, 1), "joined": Fn.join(",", items)},
    f"name {text}": {"in": text},
    "x3e9y": {"1e5": "1e5"},
    "functions": Fn.jsonencode({"a": [text, 1, True]}),
    "tokens": [Token.as_any({"a": text}), Token.as_string_map(Token.as_any({"b": text})), Own()],
    "a token in a text": [Token.as_string(Own())],
}
for at, (name, value) in enumerate(values.items()):
    TerraformOutput(stack, f"output-{at}", value=value if at % 2 else {name: value})
stack.add_override("locals.deep", __import__("functools").reduce(lambda inner, _: {"a": [inner]}, range(40), text))
stack.add_override("locals.values", values)
print(Testing.synth(stack))

app = Testing.app()
first, second = TerraformStack(app, "first"), TerraformStack(app, "second")
of_first = TerraformVariable(first, "variable", type="string").string_value
TerraformOutput(second, "output", value=[of_first, f"before {of_first} after"])
print(Testing.synth(second), Testing.synth(first))

class OwnTexts(DefaultTokenResolver):
    def resolve_string(self, fragments, context):
        return "own text"

class OwnTokens(DefaultTokenResolver):
    def resolve_token(self, token, context, post_processor):
        return "own token"

class OwnConcat(StringConcat):
    def join(self, left=None, right=None):
        return f"{left}, {right}"

for resolver in (
    DefaultTokenResolver(StringConcat()),
    OwnTexts(StringConcat()),
    OwnTokens(StringConcat()),
    DefaultTokenResolver(OwnConcat()),
):
    texts = {"plain": "plain", "whole": text, "within": f"before {text} after", "list": [text]}
    print(Tokenization.resolve(texts, resolver=resolver, scope=stack, preparing=False))
stack.add_override("locals.unknown", "${TfToken[TOKEN.1234567]}")
try:
    Testing.synth(stack)
except RuntimeError as error:
    print(error)
"""


def test_all_values_resolve_to_what_they_resolve_to_in_an_ordinary_jsii() -> None:
    ours, ordinary = (
        subprocess.run(
            [sys.executable, "-c", RESOLVED.replace("from cdktf ", f"from {framework().library} "), how],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for how in ("modules", "")
    )
    assert ours == ordinary
    assert len(ours.splitlines()) > 100
    assert "TOKEN.1234567" in ours
    assert "'plain', 'whole': 'own text', 'within': 'own text', 'list': ['own text']}" in ours
    assert "'plain', 'whole': 'own token', 'within': 'before own token after', 'list': ['own token']}" in ours
    assert "'within': 'before , ${var.variable},  after'" in ours


def test_what_cannot_be_resolved_is_refused_in_cdktfs_own_words(stack: TerraformStack) -> None:
    stack.add_override("locals.values", {"a": ["String Map Token Value"]})
    with pytest.raises(RuntimeError, match="Found an encoded map token in a scalar string context"):
        Testing.synth(stack)
