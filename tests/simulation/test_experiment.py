from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.errors import InputError, YaosuError
from simulation import Arm, Office, Precision, Process, Runs, Scenario, Stage, experiment, exponential, run
from simulation.network import Network
from simulation.outcome import DAYS, TABLES
from simulation.precision import following
from simulation.records import Records
from simulation.store import Failure
from simulation.workers import Key, Work, replicate_all

PROJECTS = pd.DataFrame({"id": [f"P{n:02d}" for n in range(30)], "ready": np.linspace(0, 20, 30), "investment": 2.0})
PROCESS = Process(
    [
        Stage("site", office="land", work=exponential(2.0), returns=0.3, correction=exponential(3.0), refuses=0.05),
        Stage("permit", office="works", work=exponential(1.0), after=("site",), limit=20),
    ],
    [Office("land", reviewers=3), Office("works", reviewers=2)],
)
SCENARIOS = {"baseline": Scenario(), "fast": Scenario(speed=1.5)}


def _run(**options: Any) -> Runs:
    made = {"replications": 12, "jobs": 1, "engine": "simpy", **options}
    return experiment(made.pop("projects", PROJECTS), PROCESS, made.pop("scenarios", SCENARIOS), **made)


def _same(one: Runs, other: Runs) -> bool:
    assert one.kept.keys() == other.kept.keys()
    for key, first in one.kept.items():
        second = other.kept[key]
        for name in (*DAYS, "outcome"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        for name in TABLES:
            pd.testing.assert_frame_equal(
                getattr(first, name), getattr(second, name), check_dtype=False, check_exact=True
            )
    pd.testing.assert_frame_equal(one.curve(weight="investment"), other.curve(weight="investment"))
    pd.testing.assert_frame_equal(one.failures, other.failures)
    return True


class _Counted:
    """Counts replications, and fails or is interrupted at some of them."""

    def __init__(self, patch: pytest.MonkeyPatch, fails: set[int] | None = None) -> None:
        self.ran: list[int] = []
        inner = run.record

        def record(made: Network, seed: int, replication: int, *rest: Any) -> Records:
            self.ran.append(replication)
            if fails and replication in fails:
                raise ArithmeticError(f"no luck with {replication}")
            return inner(made, seed, replication, *rest)

        patch.setattr(run, "record", record)


def test_the_public_name_is_the_function_whatever_was_imported_before() -> None:
    import simulation
    import simulation.experiment
    from simulation.experiment import experiment as inside

    assert simulation.experiment is inside is experiment


def test_one_worker_gives_what_many_give_and_the_order_of_projects_is_all_the_same() -> None:
    alone = _run()
    assert _same(alone, _run(jobs=2)) and _same(alone, _run(projects=PROJECTS.sample(frac=1, random_state=2)))
    assert len(alone.kept) == 24 and alone.failures.empty


def test_replications_and_seeds_differ_and_scenarios_share_their_draws() -> None:
    runs, other = _run(), _run(seed=2)
    starts = {one.started.tobytes() for one in (*runs.kept.values(), *other.kept.values())}
    assert len(starts) == 48
    for number in runs.numbers("fast"):  # who is refused is drawn by project, whatever the speed
        one, two = runs.kept["fast", number], runs.kept["baseline", number]
        np.testing.assert_array_equal(one.outcome, two.outcome)


def test_a_failing_replication_is_recorded_and_the_others_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    _Counted(monkeypatch, fails={3, 5})
    runs = _run()
    assert runs.failures.to_dict("records")[0] == {
        "scenario": "baseline", "replication": 3, "kind": "ArithmeticError", "message": "no luck with 3",
    }  # fmt: skip
    assert len(runs.failures) == 4 and runs.numbers("fast") == (0, 1, 2, 4, 6, 7, 8, 9, 10, 11)
    assert (runs.curve()["replications"] == 10).all() and len(runs.compare("fast", "baseline").replications) == 10


def test_where_everything_fails_the_first_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _Counted(monkeypatch, fails=set(range(12)))
    runs = _run()
    with pytest.raises(YaosuError, match="ArithmeticError: no luck with 0"):
        runs.curve()


def test_failures_are_tried_again_from_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        _Counted(patch, fails={3})
        assert len(_run(store=tmp_path / "runs.sqlite").failures) == 2
    counted = _Counted(monkeypatch)
    again = _run(store=tmp_path / "runs.sqlite")
    assert counted.ran == [3, 3] and again.failures.empty and _same(again, _run())


def test_an_interrupted_experiment_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(store=tmp_path / "runs.sqlite", progress=interrupt)
    counted = _Counted(monkeypatch)
    again = _run(store=tmp_path / "runs.sqlite")
    assert len(counted.ran) == 24 - 9 and _same(again, _run())


def test_a_longer_experiment_continues_a_shorter_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _run(replications=4, store=tmp_path / "runs.sqlite")
    counted = _Counted(monkeypatch)
    told: list[tuple[int, int]] = []
    longer = _run(replications=6, store=tmp_path / "runs.sqlite", progress=lambda *counts: told.append(counts))
    assert counted.ran == [4, 4, 5, 5] and told == [(8, 12), (9, 12), (10, 12), (11, 12), (12, 12)]
    assert _same(longer, _run(replications=6))
    shorter = _run(replications=3, store=tmp_path / "runs.sqlite")
    assert len(counted.ran) == 4 + 12 and _same(shorter, _run(replications=3))


KILLED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell ignores it
sys.path.insert(0, sys.argv[2])
import test_experiment as there
there._run(replications=400, jobs=int(sys.argv[3]), store=sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_experiment_goes_on_from_the_store_to_the_same_result(jobs: int, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    _struck(path, jobs, signal.SIGKILL)
    kept = _count(path)
    assert 5 <= kept < 800
    number = max(10, kept)  # whatever was kept counts, and something is left to do
    again = _run(replications=number, jobs=jobs, store=path)
    assert _count(path) >= kept and _same(again, _run(replications=number))


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_leaves_no_traces_of_workers(tmp_path: Path) -> None:
    said = _struck(tmp_path / "runs.sqlite", 2, signal.SIGINT)
    assert 5 <= _count(tmp_path / "runs.sqlite") < 800
    assert said.rstrip().endswith("KeyboardInterrupt") and "Loky" not in said and "Warning" not in said


def _struck(path: Path, jobs: int, blow: signal.Signals) -> str:
    """An experiment in a process of its own, struck after a few replications; what it said until its workers ended."""
    command = [sys.executable, "-c", KILLED, str(path), str(Path(__file__).parent), str(jobs)]
    victim = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while _count(path) < 5 and victim.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if blow == signal.SIGINT:
        os.killpg(victim.pid, blow)  # Ctrl-C reaches the workers too
        return victim.communicate(timeout=120)[1]
    os.kill(victim.pid, blow)
    victim.wait(timeout=120)
    with suppress(ProcessLookupError):
        os.killpg(victim.pid, signal.SIGKILL)  # a worker that had no batch yet
    return ""


def _count(path: Path) -> int:
    if not path.exists():
        return 0
    base = sqlite3.connect(path, timeout=60)
    try:
        return int(base.execute("SELECT count(*) FROM outcomes WHERE status = 'done'").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0
    finally:
        base.close()


class Killer:
    """A network that ends the process of whoever looks at it."""

    @property
    def process(self) -> Process:
        os._exit(9)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_a_failure_of_its_replication_alone() -> None:
    works = {
        "good": Work(run.prepare(PROJECTS, PROCESS), 1, "simpy", None),
        "bad": Work(Killer(), 1, "simpy", None),  # type: ignore[arg-type]
    }
    answers: dict[Key, object] = {}
    pending = [(name, number) for number in range(2) for name in works] + [("good", number) for number in range(2, 9)]
    replicate_all(works, pending, 2, lambda batch: answers.update({key: answer for key, answer, _ in batch}))
    assert answers.keys() == set(pending)
    failed = {key for key, answer in answers.items() if isinstance(answer, Failure)}
    assert failed == {("bad", 0), ("bad", 1)}
    assert {answers[key].kind for key in failed} == {"TerminatedWorkerError"}  # type: ignore[attr-defined]


def test_scenarios_with_the_same_effect_are_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = _Counted(monkeypatch)
    twins = {"a": Scenario(), "b": Scenario(parallel=True), "c": Scenario(change=lambda process: process)}
    runs = _run(scenarios={"a": twins["a"], "c": twins["c"]})
    assert len(counted.ran) == 12 and all(runs.kept["a", n] is runs.kept["c", n] for n in range(12))
    diff = runs.compare("a", "c").summary
    assert (diff[["difference", "low", "high"]] == 0).all().all()


def test_an_arm_brings_projects_and_process_of_its_own() -> None:
    few = Arm(PROJECTS.iloc[:10], Scenario(speed=3).apply(PROCESS), Scenario(reviewers=2.0))
    runs = _run(scenarios={"baseline": Scenario(), "few": few})
    assert len(runs.kept["few", 0].started) == 10
    own = experiment(few.projects, few.process, {"few": few.scenario}, replications=12, jobs=1, engine="simpy")
    pd.testing.assert_frame_equal(
        runs.curve(times=[10.0]).query("scenario == 'few'").reset_index(drop=True), own.curve(times=[10.0])
    )


def test_the_number_of_replications_follows_from_the_precision_that_is_wanted() -> None:
    wish = Precision(15, half_width=0.02, least=5, most=200)
    runs = _run(precision=wish, replications=1)
    told = runs.precision
    assert told is not None and told["reached"].all() and (told["half_width"] <= 0.02).all()
    assert (told["replications"] > 5).all() and set(runs.numbers("fast")) == set(runs.numbers("baseline"))
    at = runs.started(15).set_index("scenario")
    assert told.set_index("scenario")["half_width"].to_dict() == pytest.approx(((at["high"] - at["low"]) / 2).to_dict())
    assert _same(runs, _run(precision=wish, jobs=2))


def test_a_precision_out_of_reach_ends_at_the_most_and_says_so() -> None:
    told = _run(precision=Precision(15, half_width=0.001, least=5, most=15)).precision
    assert told is not None and not told["reached"].any() and (told["replications"] == 15).all()


def test_stopping_at_a_precision_keeps_the_coverage_near_what_is_stated() -> None:
    """The number depends on the spread seen, which costs a little coverage; 1,000 normal samples tell how much."""
    from simulation.intervals import mean_of

    random, inside, numbers = np.random.default_rng(3), 0, []
    wish = Precision(0, half_width=0.01)
    for _ in range(1000):
        values, number = random.normal(0.5, 0.06, wish.most), wish.least
        while True:
            mean, half = mean_of(values[:number])
            table = pd.DataFrame({"half_width": [float(half)], "reached": [bool(half <= wish.half_width)]})
            if (wanted := following(table, wish, number)) <= number:
                break
            number = wanted
        inside += abs(mean - 0.5) <= half
        numbers.append(number)
    assert inside / 1000 >= 0.93 - 3 * np.sqrt(0.93 * 0.07 / 1000)
    assert 138 <= np.mean(numbers) < 1.25 * 138  # (1.96 × 0.06 / 0.01)² = 138 are needed


def test_faults_are_told_before_anything_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = _Counted(monkeypatch)
    with pytest.raises(InputError) as caught:
        _run(
            scenarios={"a": Scenario(speed={"sit": 2.0}), "b": Scenario(removed=("permits",)), "c": Scenario(speed=-1)}
        )
    assert {fault.code for fault in caught.value.faults} == {"lever_unknown", "unknown_stage", "lever_positive"}
    for options, said in (
        ({"scenarios": {}}, "no scenario to run"),
        ({"replications": 0}, "“replications” must be at least 1; found 0"),
        ({"engine": "slow"}, "“engine” cannot be “slow”; expected one of: simpy, fast"),
    ):
        with pytest.raises(YaosuError, match=said):
            _run(**options)
    with pytest.raises(YaosuError, match="“half_width” must lie between 0 and 1; found 5"):
        Precision(15, half_width=5)
    with pytest.raises(YaosuError, match="“most” must be at least 50; found 20"):
        Precision(15, least=50, most=20)
    assert counted.ran == []


def test_queues_and_measures_are_summed_up_over_replications() -> None:
    runs = _run(until=60)
    table = runs.bottlenecks("baseline")
    totals = [runs.kept["baseline", n].stages.set_index("stage")["waiting"] for n in range(12)]
    assert table.set_index("stage")["days_waiting"].to_dict() == pytest.approx(
        pd.concat(totals, axis=1).mean(axis=1).to_dict()
    )
    assert table["days_waiting"].is_monotonic_decreasing and table["share"].sum() == pytest.approx(1.0)
    assert (table["low"] <= table["days_waiting"]).all() and table["utilisation"].between(0, 1).all()
    weeks = runs.waiting("baseline")
    assert weeks.sum(axis=1).to_dict() == pytest.approx(table.set_index("stage")["days_waiting"].to_dict())
    assert weeks.columns.tolist() == list(range(weeks.columns.min(), weeks.columns.max() + 1))
    assert set(runs.measures()["scenario"]) == {"baseline", "fast"} and (runs.measures()["solved"] == 0).all()
    assert repr(runs) == "Runs(baseline: 12, fast: 12 replications)"
