"""Replications over processes: batches of a few seconds, errors as answers, a killed worker survived."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from allocator.errors import YaosuError
from simulation import loop, run
from simulation.loop import Loop
from simulation.measures import Day
from simulation.network import Network
from simulation.outcome import Outcome
from simulation.run import Engine
from simulation.store import Failure

BATCH_SECONDS = 2.0
BATCH_MOST = 100
Key = tuple[str, int]
"""Digest of an input, and number of the replication."""
Answer = Outcome | Failure
Done = tuple[Key, Answer, bytes]
"""A replication, its answer, and the outcome packed where it is to be kept."""


@dataclass(frozen=True, eq=False)
class Work:
    """What is the same for all replications of an input."""

    network: Network
    seed: int
    engine: Engine
    until: Day | None
    packed: bool = False
    loop: Loop | None = None


def replicate_all(
    works: Mapping[str, Work], pending: Iterable[Key], jobs: int, keep: Callable[[list[Done]], None]
) -> None:
    """Run replications and hand each batch of answers to `keep` as it comes.

    Parameters
    ----------
    works : mapping
        By digest of the input.
    pending : iterable of (digest, replication)
    jobs : int
        Processes; 1 stays in this one, -1 takes all cores. It changes no answer.
    keep : callable
        Called in this process.

    Notes
    -----
    A worker that is killed takes its whole pool with it (loky). Those replications that were being worked on are then
    run one at a time in a pool of their own, and the one that kills again is a failure.
    """
    left = dict.fromkeys(pending)
    count = joblib.effective_n_jobs(jobs)
    if left and count > 1 and any(work.engine == "fast" for work in works.values()):
        _compiled()
    while left:
        queue = _Queue(works, list(left), count)
        pool = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, max_nbytes=None)
        batches = pool(queue.tasks())
        try:
            with warnings.catch_warnings():  # a worker that has grown large is replaced, which changes nothing
                warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
                for seconds, done in batches:
                    queue.took(done[0][0][0], seconds, len(done))
                    _hand_on(done, left, keep)
        except BrokenProcessPool:
            for digest, number in [key for key in queue.given if key in left]:
                _hand_on([_by_itself(works[digest], (digest, number))], left, keep)
        except BaseException:
            with warnings.catch_warnings():  # of work that is thrown away
                warnings.simplefilter("ignore")
                batches.close()
            raise


def _hand_on(done: list[Done], left: dict[Key, None], keep: Callable[[list[Done]], None]) -> None:
    keep(done)
    for key, _, _ in done:
        left.pop(key, None)


def _compiled() -> None:
    """Compile the fast engine here and now: workers that start together would each do so."""
    from simulation.fast import ready

    ready()


def _by_itself(work: Work, key: Key) -> Done:
    """One replication in a pool where nothing else runs."""
    try:
        answers: list[tuple[float, list[Done]]] = joblib.Parallel(n_jobs=2, max_nbytes=None)(
            [joblib.delayed(_batch)(work, [key], os.getpid())]
        )
    except BrokenProcessPool as error:
        return key, Failure(type(error).__name__, str(error).partition("\n")[0]), b""
    return answers[0][1][0]


def _batch(work: Work, keys: list[Key], giver: int) -> tuple[float, list[Done]]:
    """Some replications of an input, in whatever process, given out by another; also how many seconds they took."""
    if giver == os.getppid():
        _serve(giver)
    since = time.perf_counter()
    answers = [(key, _answer(work, key[1])) for key in keys]
    done = [(key, one, one.to_bytes() if work.packed and isinstance(one, Outcome) else b"") for key, one in answers]
    return time.perf_counter() - since, done


def _serve(giver: int) -> None:
    """Leave Ctrl-C to the process that gives out the work, and end when that has ended (loky's workers would stay)."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if all(thread.name != _serve.__name__ for thread in threading.enumerate()):
        threading.Thread(target=_end_with, args=(giver,), name=_serve.__name__, daemon=True).start()


def _end_with(giver: int) -> None:
    while os.getppid() == giver:
        time.sleep(1.0)
    os._exit(1)


def _answer(work: Work, number: int) -> Answer:
    """One replication; what goes wrong in it is an answer."""
    try:
        if work.loop is None:
            return Outcome.of(work.network, run.record(work.network, work.seed, number, work.engine, work.until))
        kept = loop.run(work.loop, work.network, work.seed, number, work.engine, work.until)
        return Outcome.of(work.network, *kept)
    except Exception as error:
        return Failure(type(error).__name__, str(error), error if isinstance(error, YaosuError) else None)


@dataclass
class _Queue:
    """What is still to be given out: of the input that has most left, as much as takes about `BATCH_SECONDS`.

    joblib asks for a task whenever a worker is about to be free, so that the size follows the pace seen so far.
    """

    works: Mapping[str, Work]
    pending: list[Key]
    workers: int
    given: list[Key] = field(default_factory=list)
    _pace: dict[str, float] = field(default_factory=dict)

    def took(self, digest: str, seconds: float, number: int) -> None:
        """Remember how long a replication takes."""
        self._pace[digest] = seconds / number

    def tasks(self) -> Iterator[object]:
        """Batches as joblib takes them."""
        left: dict[str, deque[int]] = {}
        for digest, number in self.pending:
            left.setdefault(digest, deque()).append(number)
        while left:
            digest = max(left, key=lambda one: len(left[one]))
            count = self._size(digest, sum(map(len, left.values())))
            keys = [(digest, left[digest].popleft()) for _ in range(min(count, len(left[digest])))]
            if not left[digest]:
                del left[digest]
            self.given += keys
            yield joblib.delayed(_batch)(self.works[digest], keys, os.getpid())

    def _size(self, digest: str, left: int) -> int:
        """In this process alone each is handed on at once; towards the end the rest is shared evenly."""
        if self.workers == 1 or digest not in self._pace:
            return 1
        fair = -(-left // (2 * self.workers))
        return max(1, min(int(BATCH_SECONDS / max(self._pace[digest], 1e-6)), BATCH_MOST, fair))
