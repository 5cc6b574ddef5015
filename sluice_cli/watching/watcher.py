"""The loop of `sluice watch`: uploads the code of saved files, and deploys other changes."""

import os
import queue
import re
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from sluice_cli.denials.reading import DenialReader, explained_denials
from sluice_cli.denials.showing import all_lines
from sluice_cli.errors import LocalAwsError, SluiceError
from sluice_cli.project import Project
from sluice_cli.stack import synthesized_stacks
from sluice_cli.target import Target, local_target
from sluice_cli.terminal import console
from sluice_cli.text import clean_lines
from sluice_cli.watching.functions import WatchedFunction
from sluice_cli.watching.pushing import CodeRefused
from sluice_cli.watching.saving import written_whole
from sluice_cli.watching.settling import Settler
from sluice_cli.watching.sources import IGNORED, VARIABLE, SourceFinder

STEP_MS = 10  # time between two looks for new events
DEBOUNCE_MS = 100  # changes within this time count as one save
READY_MS = 100  # after the start of the watch it is known to be set up
SETTLE_SECONDS = 1.0  # time without another save before the state is updated
LOOK_SECONDS = 1.0

# What watchfiles says where Linux's limits of inotify are reached.
LIMIT = re.compile(r"limit reached|os error 2[48]\b")
RAISE_LIMIT = "; raise the system's limits fs.inotify.max_user_watches and fs.inotify.max_user_instances"


class Saved(DefaultFilter):
    """Filters temporary files of editors and tools."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, *IGNORED)


class Watcher:
    """Watches a project whose stacks are deployed on `target`."""

    def __init__(self, project: Project, target: Target, names: Sequence[str]) -> None:
        self._project, self._target, self._names = project, target, names
        self._records = project.private_folder / "archive-sources.jsonl"
        self._settler = self._make_settler()
        self._events: queue.Queue[set[Path]] = queue.Queue()
        self._stop = threading.Event()
        self._restart = threading.Event()
        self._watches = threading.Event()
        self._failure: Exception | None = None  # why the folders cannot be watched
        self._settling: Future[None] | None = None
        self._settle_at: float | None = None
        self._down = False
        self._denials = self._denial_reader()

    def run(self) -> None:
        """Watch until interrupted. Raises `SluiceError` if there is nothing to watch, or a folder cannot be watched."""
        self._learn()
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        self._watches.wait()
        try:
            self._check_watch()
            self._say_what_is_watched()
            with ThreadPoolExecutor(1) as background:
                while True:
                    self._turn(background)
                    self._check_watch()
        finally:
            self._stop.set()
            self._restart.set()

    def _check_watch(self) -> None:
        if self._failure is not None:
            reason = str(self._failure)
            advice = RAISE_LIMIT if LIMIT.search(reason) else ""
            raise SluiceError(f"{self._project.folder} cannot be watched: {reason}{advice}") from self._failure

    def _turn(self, background: ThreadPoolExecutor) -> None:
        wait = LOOK_SECONDS if self._settle_at is None else max(0.0, self._settle_at - time.monotonic())
        try:
            saved = self._events.get(timeout=min(wait, LOOK_SECONDS))
        except queue.Empty:
            saved = set()
        if saved:
            self._take(saved)
        idle = self._settling is None or self._settling.done()
        if self._settle_at is not None and idle and time.monotonic() >= self._settle_at and not self._down:
            self._settle_at = None
            self._settling = background.submit(self._settle)
        if not saved:
            self._look()

    def _take(self, saved: set[Path]) -> None:
        began = time.monotonic()
        saved = written_whole(saved, self._events)
        functions = [one for one in self._settler.functions if one.source and any(map(one.source.holds, saved))]
        code = {path for path in saved if any(one.source and one.source.holds(path) for one in functions)}
        if functions and not self._down:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda one: self._push(one, began), functions))
        # After a change of code alone, Terraform waits for a pause between saves; other changes are deployed
        # immediately.
        self._settle_at = time.monotonic() + (SETTLE_SECONDS if saved == code else 0)

    def _push(self, function: WatchedFunction, began: float) -> None:
        if function.source is None:
            return
        try:
            self._settler.pusher.push(function, function.source.build())
        except CodeRefused as error:
            self._say(f"{function.name}: not updated, the code does not start:\n{error}", style="red")
        except LocalAwsError as error:
            self._lose(str(error))
        except (ValueError, OSError) as error:  # not saved completely, or removed again
            self._say(f"{function.name}: not updated: {error}", style="red")
        except Exception as error:  # noqa: BLE001 - of AWS or of the packaging: the watcher outlives it, and says it
            self._say(f"{function.name}: not updated: {error}", style="red")
        else:
            self._say(f"{function.name}: new code runs after {time.monotonic() - began:.2f} s", style="green")

    def _settle(self) -> None:
        try:
            with self._project.locked("`sluice watch`"):
                told, applied = self._settler.settle()
        except LocalAwsError as error:
            self._lose(str(error))
            return
        except SluiceError as error:
            self._say(str(error), style="red")
            return
        except Exception as error:  # noqa: BLE001 - the watcher outlives what it cannot do, and says it
            self._say(f"not deployed: {error}", style="red")
            return
        if told:
            self._say(f"{', '.join(told)}: Terraform's state holds the new code")
        for name in applied:
            self._say(f"{name}: deployed" if self._target.local else f"{name}: more than code changed: `sluice deploy`")
        self._restart.set()

    def _look(self) -> None:
        """Print new refused calls, and whether the local AWS is running."""
        local = self._target.local
        if local is None:
            return
        running = local.running()
        if running is None:
            self._lose("the local AWS is not running: `sluice up` starts it again")
            return
        if self._down:
            self._down = False
            # It was started again, with other credentials.
            with self._project.locked("`sluice watch`"):
                self._target = local_target(self._project, local)
                self._settler = self._make_settler()
                self._learn()
            self._denials = self._denial_reader()
            self._settle_at = time.monotonic()
            self._say("the local AWS is back")
        if self._denials:
            try:
                explained = explained_denials(self._target, self._denials.read())
            except SluiceError:
                return
            for line in all_lines(explained):
                self._say(line, style="yellow")

    def _lose(self, said: str) -> None:
        if not self._down:
            self._down = True
            self._say(f"{said}; still watching", style="red")

    def _make_settler(self) -> Settler:
        return Settler(self._target, self._names, lambda: SourceFinder(self._project.folder, self._records))

    def _denial_reader(self) -> DenialReader | None:
        try:
            return DenialReader(self._target.local) if self._target.local else None
        except SluiceError:
            return None

    def _learn(self) -> None:
        stacks = [one for one in synthesized_stacks(self._target, self._names) if one.initialized]
        self._settler.learn(stacks)

    def _say_what_is_watched(self) -> None:
        known = [one.name for one in self._settler.functions if one.source]
        others = [one.name for one in self._settler.functions if not one.source]
        self._say(f"Watching {self._project.folder}; functions: {', '.join(known) or 'none'}. Ctrl-C ends it")
        if others:
            self._say(f"Deployed by synth, as their sources are not in the project: {', '.join(others)}")

    def _say(self, text: str, style: str = "") -> None:
        said = clean_lines(f"{time.strftime('%H:%M:%S')} {text}")  # tracebacks and errors of the app and of AWS
        console.print(said, style=style, markup=False, highlight=False)

    def _watch(self) -> None:
        try:
            self._watch_files()
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
        finally:
            self._watches.set()

    def _watch_files(self) -> None:
        """Watch the project's folder without its subfolders, and each source folder with its subfolders."""
        while not self._stop.is_set():
            self._restart.clear()
            deep = self._deep_folders()
            ended, shallow_watches, deep_watches = (threading.Event() for _ in range(3))
            project = ([self._project.folder], False, ended, shallow_watches)
            threads = [threading.Thread(target=self._report, args=project, daemon=True)]
            if deep:
                below = (deep, True, ended, deep_watches)
                threads.append(threading.Thread(target=self._report, args=below, daemon=True))
            else:
                deep_watches.set()
            for thread in threads:
                thread.start()
            deep_watches.wait()
            shallow_watches.wait()
            self._watches.set()
            try:
                while not self._stop.is_set():
                    self._restart.wait()
                    self._restart.clear()
                    whole = all(thread.is_alive() for thread in threads)
                    if self._stop.is_set() or not whole or self._deep_folders() != deep:
                        break
            finally:
                ended.set()
                for thread in threads:
                    thread.join()

    def _deep_folders(self) -> list[Path]:
        ignored = {*IGNORED, self._project.output.name}
        own = [one for one in self._project.folder.iterdir() if one.is_dir() and one.name not in ignored]
        sources = [folder for one in self._settler.functions if one.source for folder in one.source.folders()]
        found = {one.resolve() for one in (*own, *sources) if one.is_dir()}
        return sorted(one for one in found if not any(other in one.parents for other in found))

    def _report(
        self, folders: Iterable[Path], recursive: bool, ended: threading.Event, watches: threading.Event
    ) -> None:
        keep = Saved(ignore_paths=[self._project.output, self._project.private_folder])
        try:
            for changes in watch(
                *folders,
                watch_filter=keep,
                debounce=DEBOUNCE_MS,
                step=STEP_MS,
                rust_timeout=READY_MS,
                yield_on_timeout=True,
                stop_event=ended,
                recursive=recursive,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                watches.set()
                files = {Path(path).resolve() for kind, path in changes if kind != Change.deleted or recursive}
                if any(path.parent == self._project.folder and path.is_dir() for path in files):
                    self._restart.set()
                saved = {path for path in files if not path.is_dir()}
                if saved:
                    self._events.put(saved)
        except FileNotFoundError:
            self._restart.set()  # a folder has vanished since it was listed
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
        finally:
            watches.set()  # also where it cannot watch, because `run` waits until the folders are watched


def record_sources(project: Project) -> None:
    """Have module classes record the sources of archives in each synth of this process."""
    path = project.private_folder / "archive-sources.jsonl"
    path.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(path)
