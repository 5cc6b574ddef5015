"""Runs an app's command, or writes what it wrote before if command, files, settings and variables are the same.

    python synth_once.py COMMAND...

Plain CDKTF takes 14 s of processor time for a synth, this repository's app two, and tests synthesize the same app for
many commands. What was written is kept in the folder that the command runs in.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path.cwd()
KEPT = HERE / ".synths"
NO_SOURCES = {".sluice", ".synths", "cdktf.out", "review.out", "logs", "__pycache__"}
# Of the shell, of make, of pytest, and credentials, which no app reads, and how Python writes; they differ between two
# commands.
NOT_READ = re.compile(
    r"PWD|OLDPWD|SHLVL|_|PYTHON(UNBUFFERED|DONTWRITEBYTECODE)?|PYTEST_.*|CDKTF_OUTDIR|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SHARED_CREDENTIALS_FILE)"
)


def main(command: list[str]) -> int:
    folder = KEPT / digest(command)
    if not folder.exists():
        KEPT.mkdir(exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=KEPT, prefix="partial-"))
        environment = {**os.environ, "CDKTF_OUTDIR": str(partial / "out")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stdout.write(done.stdout)
            sys.stderr.write(done.stderr)
            return done.returncode
        (partial / "output").write_text(done.stdout)
        (partial / "errors").write_text(done.stderr)
        try:
            partial.rename(folder)
        except OSError:  # another command was first
            shutil.rmtree(partial)
    sys.stdout.write((folder / "output").read_text())
    sys.stderr.write((folder / "errors").read_text())
    shutil.copytree(folder / "out", os.environ["CDKTF_OUTDIR"], dirs_exist_ok=True)
    return 0


def digest(command: list[str]) -> str:
    made = hashlib.sha256("\0".join(command).encode())
    for name, value in sorted(os.environ.items()):
        if not NOT_READ.fullmatch(name):
            made.update(f"{name}={value}\n".encode())
    for parent, folders, names in os.walk(HERE):
        folders[:] = sorted(set(folders) - NO_SOURCES)
        for path in sorted(Path(parent, name) for name in names):
            made.update(str(path).encode() + path.read_bytes())
    return made.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
