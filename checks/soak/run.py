"""A soak run: send everything while faults strike, end the faults, replay the failure queue, and write the ledgers."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

from rich.progress import Progress

from checks.deployed import failure_queues_of
from sluice_cli.failures.queue import Failure, FailureQueue
from sluice_cli.local_aws import server as local_aws
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import Target

from . import inbox, plan
from .clients import Clients
from .courier import Courier, Event
from .fault_injector import FaultInjector
from .function import SoakedFunction
from .inputs import SoakInputs
from .ledger import KEPT, REJECTED, Book, StoredResults
from .pace import Pace
from .plan import Item
from .proxy import proxy
from .sender import Sender

UNDER_WAY = 3  # senders for each system; each occupies an execution environment of the function
UNDER_WAY_BUFFERED = 12  # a batch of the buffer occupies one
PATIENCE_SECONDS = 3.0
SENDERS = 2
MOST_ROUNDS = 3  # attempts to send again after a refusal under a fault, and to replay the failure queue
# S3 sends one when a run has it announce the bucket's events; faults may strike the batch that it is in.
TEST_EVENT = "s3:TestEvent"
# For slow machines; what is missing by then is reported as lost.
LONGEST_ARRIVAL_SECONDS = 120  # between two events
LONGEST_SETTLING_SECONDS = 180
LONGEST_PROCESSING_SECONDS = 60  # after the last input, before the faults end


@dataclass(frozen=True)
class Options:
    """`count` inputs for each system, poison included; sending ends after `seconds`."""

    count: int
    faults: Collection[str]
    seed: int
    seconds: float


def soak(
    local: LocalAws, target: Target, systems: Mapping[str, type[SoakInputs]], options: Options, progress: Progress
) -> list[Book]:
    """Run all systems at the same time. Returns their ledgers. All changes to the deployment are reverted."""
    clients = Clients(local)
    runs = [SystemSoak(local, clients, target, name, inputs, options, progress) for name, inputs in systems.items()]
    with ThreadPoolExecutor(len(systems)) as pool:
        return list(pool.map(SystemSoak.run, runs))


class SystemSoak:
    """The soak of one system."""

    def __init__(
        self,
        local: LocalAws,
        clients: Clients,
        target: Target,
        name: str,
        inputs: type[SoakInputs],
        options: Options,
        progress: Progress,
    ) -> None:
        self._local = local
        self._client = clients
        outputs = Stack(name, target).outputs()
        self._queues = [FailureQueue(one, clients) for one in failure_queues_of(outputs)]
        self._options = options
        self._progress = progress
        self._bar = progress.add_task(name, total=options.count)
        run = f"soak-{options.seed}-{uuid4().hex[:6]}"
        self._name = name
        self._system = inputs(outputs, clients, options.seed, run)
        buffer = outputs.get("BufferQueueUrl")
        self._function = SoakedFunction(self._system.outputs["FunctionArn"], clients, buffer)
        self._pace = Pace(UNDER_WAY_BUFFERED if buffer else UNDER_WAY, PATIENCE_SECONDS)
        self._sender = Sender(local)
        self._book = Book(name)
        self._lock = threading.Lock()
        self._uploads = 0
        self._sent = 0

    def run(self) -> Book:
        options, system, book = self._options, self._system, self._book
        each = system.inputs_each
        items = plan.items(
            options.seed, self._name, -(-options.count // each), system.poisons, versions=not system.by_request
        )
        # A system without a topic gets no fault of the topic.
        faults = set(options.faults) - (set() if "TopicArn" in system.outputs else {"topic-refused"})
        windows = plan.windows(options.seed, self._name, len(items), options.count, faults)
        with ExitStack() as stack:
            for queue in self._queues:
                stack.enter_context(queue)
            heard = None
            if "TopicArn" in system.outputs:
                heard = stack.enter_context(inbox.of_topic(self._client, system.outputs["TopicArn"]))
            between = stack.enter_context(proxy(self._local, remember=False))
            injector = FaultInjector(
                windows,
                self._function,
                between,
                of_message=system.of_message,
                of_row=system.of_row,
                written=self._pace.done,
            )
            between.fault = injector
            stack.enter_context(self._function.through(between.url))
            stack.callback(injector.clear)
            self._say("sending")
            if system.by_request:
                sent = self._send_all(items, injector, self._post)
                self._repeat_late(sent)
            else:
                events = stack.enter_context(
                    inbox.of_bucket(self._client, system.outputs["BucketName"], system.region, system.prefix)
                )
                chance = random.Random(f"{options.seed} {self._name} order")  # noqa: S311 - not a secret
                courier = Courier(
                    events, {system.key(one): one for one in items}, self._deliver, chance, system.of_upload
                )
                courier.start()
                try:
                    sent = self._send_all(items, injector, self._upload)
                finally:
                    courier.finish(self._uploads, patience=LONGEST_ARRIVAL_SECONDS)
                self._count_unanswered(courier.arrived)
                book.duplicates += courier.duplicates
                book.out_of_order += courier.out_of_order
            self._process(injector)
            injector.clear()
            self._say("settling")
            book.before = self._settle(injector)
            self._function.kill()  # an execution environment that started under the short timeout keeps it
            self._say("replaying")
            self._replay()
            self._send_again(sent)
            book.after = self._settle(injector)
            if heard is not None:
                book.notifications = Counter(
                    one
                    for message in heard.take_all()
                    for one in system.of_message(message["Message"])
                    if one.startswith(system.prefix)
                )
            book.explained = Counter({one: injector.explained(one) for one in book.notifications})
            book.faults = injector.struck
            for queue, one in self._own(TEST_EVENT):  # poison is in the ledger by now
                queue.remove(one)
        self._say("done")
        return book

    def _send_all(self, items: Sequence[Item], injector: FaultInjector, send: Callable[[Item], None]) -> list[Item]:
        """Send items until the time is up; one sender sends all versions of a key in order. Returns what was sent."""
        deadline = time.monotonic() + self._options.seconds
        waiting = iter(items)
        sent: list[Item] = []

        def work() -> None:
            while time.monotonic() < deadline:
                with self._lock:
                    item = next(waiting, None)
                    if item is None:
                        return
                    sent.append(item)
                injector.sent(item.number)
                if item.poison:
                    self._poison(item, item.poison)
                else:
                    send(item)
                self._advance(item.versions * self._system.inputs_each)

        with ThreadPoolExecutor(SENDERS) as pool:
            for one in [pool.submit(work) for _ in range(SENDERS)]:
                one.result()
        return sent

    def _upload(self, item: Item) -> None:
        system, book = self._system, self._book
        for version in range(item.versions):
            self._pace.begin(system.key(item))
            outcomes = system.upload(item, version)
            with self._lock:
                self._uploads += 1
                book.valid.update(one.input for one in outcomes if one.row)
                book.poison |= {one.input: REJECTED for one in outcomes if not one.row}
                book.to_notify |= {one.input for one in outcomes if one.notified}
        if item.asked and "ApiUrl" in system.outputs:
            self._request(item)
            with self._lock:
                book.duplicates += 1

    def _count_unanswered(self, arrived: set[tuple[str, str]]) -> None:
        """Count an upload that S3 stored although the sender got no answer and sent it again: it is a further input."""
        for one, count in Counter(name for name, _ in arrived).items():
            if count > self._book.valid[one]:
                self._book.valid[one] = count
                self._book.to_notify |= {one} if self._system.notifies else set()

    def _post(self, item: Item) -> None:
        """Send a request and its repeats at the same time. One successful answer is enough."""
        with ThreadPoolExecutor(1 + item.copies) as pool:
            statuses = list(pool.map(lambda _: self._request(item), range(1 + item.copies)))
        with self._lock:
            one = self._system.of_request(item)
            self._book.valid[one] += 1
            self._book.duplicates += item.copies
            self._book.answers[one] = min(statuses, key=lambda status: (status // 100 != 2, status))

    def _poison(self, item: Item, kind: str) -> None:
        fate = self._system.poisons[kind]
        name = self._system.key(item) if fate == KEPT else self._system.of_request(item)
        with self._lock:
            self._book.poison[name] = fate
        if fate == KEPT:
            self._function.deliver(self._system.poison(item))
            return
        status = self._request(item)
        with self._lock:
            self._book.answers[name] = status

    def _repeat_late(self, sent: Sequence[Item]) -> None:
        """Send the repeats that follow after everything else."""
        for item in sent:
            if item.late and not item.poison:
                self._request(item)
                self._book.duplicates += 1

    def _send_again(self, sent: Sequence[Item]) -> None:
        """Send again what failed under a fault. A refusal that the sender received stays a refusal if it is not sent
        again.
        """
        book = self._book
        for _ in range(MOST_ROUNDS):
            for item in sent:
                one = self._system.of_request(item)
                wanted = 4 if item.poison else 2
                if book.answers.get(one, wanted * 100) // 100 != wanted:
                    book.sent_again.add(one)
                    book.answers[one] = self._request(item)

    def _request(self, item: Item) -> int:
        system = self._system
        return self._sender.post(system.outputs["ApiUrl"], *system.request(item), system.region)

    def _deliver(self, event: Event) -> None:
        self._pace.begin(event["Records"][0]["s3"]["object"]["key"])
        self._function.deliver(event)

    def _replay(self) -> None:
        """Replay the failure queue, including events that arrive there meanwhile."""
        for _ in range(MOST_ROUNDS):
            own = self._own()
            for queue, one in own:
                queue.replay(one)
            if not any(
                one in self._book.valid for _, failure in own for one, _ in self._system.of_event(failure.event)
            ):
                return

    def _process(self, injector: FaultInjector) -> None:
        """Wait until the function has processed what was sent, or has no more calls: faults strike its calls."""
        began = time.monotonic()
        while time.monotonic() - began < LONGEST_PROCESSING_SECONDS:
            if self._pace.all_processed() or (injector.called and injector.quiet_for() >= _quiet_seconds()):
                return
            time.sleep(0.2)

    def _settle(self, injector: FaultInjector) -> StoredResults:
        """Wait until nothing changes any more and no input is missing, up to a limit for slow machines. Returns the
        results.
        """
        quiet = _quiet_seconds()
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            late = waited > LONGEST_SETTLING_SECONDS
            if min(injector.quiet_for(), waited) >= quiet and (late or not self._function.buffered()):
                found = self._find()
                if late or not self._book.missing(found):
                    return found
            time.sleep(0.2)

    def _find(self) -> StoredResults:
        kept: set[tuple[str, str]] = set()
        reasons: dict[str, str] = {}
        own = self._own()
        for _, failure in own:
            inputs = self._system.of_event(failure.event)
            kept |= inputs
            reasons |= {one: failure.reason for one, _ in inputs}
        return StoredResults(
            rows=self._system.rows(),
            rejects=self._system.rejects(),
            kept=Counter(one for one, _ in kept),
            reasons=reasons,
            messages=len(own),
        )

    def _own(self, *others: str) -> list[tuple[FailureQueue, Failure]]:
        """The events of this run in the failure queues, and others by what is in them; the rest stays visible."""
        found, marks = [], (self._system.prefix, *others)
        for queue in self._queues:
            queue.release()
            own = [one for one in queue.read() if any(mark in str(one.event) for mark in marks)]
            queue.release(but=own)
            found += [(queue, one) for one in own]
        return found

    def _advance(self, inputs: int) -> None:
        """Update the progress bar; without a terminal print a line at each fifth."""
        self._progress.advance(self._bar, inputs)
        with self._lock:
            before, self._sent = self._sent, self._sent + inputs
        count = self._options.count
        if not self._progress.console.is_terminal and 5 * before // count < 5 * self._sent // count:
            self._progress.console.print(f"{self._name}: {self._sent} of {count} sent")

    def _say(self, what: str) -> None:
        self._progress.update(self._bar, description=f"{self._name}: {what}")
        if not self._progress.console.is_terminal:
            self._progress.console.print(f"{self._name}: {what}")


def _quiet_seconds() -> float:
    """At least as long as Lambda waits before an event's last retry."""
    return 2 * float(local_aws.RETRY_BASE_SECONDS) + 2
