"""One run at a time in a home, from the command line and from the UI alike, and no dead run's slot.

A killed run stays STARTED with its pool slot, and the next one would wait for ever. Every process
that runs keeps a file locked until it ends, however it ends; whoever gets the home's lock ends the
runs whose file is free. This lock is the queue: Dagster's own would wait for the slots of the dead.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.storage.tags import BACKFILL_ID_TAG
from filelock import FileLock, Timeout

from assets.home import Home
from assets.retention import drop_old_logs
from models.errors import LockedError

PATIENCE_SECONDS = 2 * 60 * 60
"""A run from the UI waits this long for others to end; then it fails and says so."""
TURN_SECONDS = 0.5
"""How often a waiting run asks whether its turn has come."""
GRACE_SECONDS = 60.0
"""A run without a file of its own may still be starting for this long."""
UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_mark: list[FileLock] = []
"""This process's file. It is freed by the process's end: a run that has given its resources back
has not yet reported its success, and nobody may take it for dead in between."""


class HomeResource(dg.ConfigurableResource["HomeResource"]):
    """The home of a run, held for as long as the run lasts."""

    path: str

    @property
    def home(self) -> Home:
        """The home."""
        return Home(Path(self.path))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HomeResource"]:
        """Mark the run as alive, wait for its turn, hold the home, end dead runs."""
        if context.run is None or context.instance is None:
            with self.home.lock("no run", PATIENCE_SECONDS):
                yield self
            return
        run_id = context.run.run_id
        _mark_alive(self.home, run_id)
        with _in_turn(self.home, context.instance, run_id):
            drop_old_logs(self.home)
            yield self


@contextmanager
def _in_turn(home: Home, instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the home once no older run waits for it, so that weeks launched in order run in order.

    Raises:
        LockedError: others still hold it after `PATIENCE_SECONDS`.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    is_held = home.is_held_here  # by `voc run`, whose run this is
    while True:
        patience = max(until - time.monotonic(), 0.0)
        with home.lock(f"run {run_id[:8]}", patience):
            end_dead_runs(home, instance, but=run_id)
            if is_held or not _an_older_run_waits(home, instance, run_id):
                yield
                return
        if not patience:
            raise LockedError(f"{home.path}: older runs still wait for it; stop them, or run again")
        time.sleep(TURN_SECONDS)


def end_dead_runs(home: Home, instance: dg.DagsterInstance, *, but: str = "") -> list[str]:
    """Cancel runs whose process is gone and free their pool slots; returns their ids.

    Call it with the home's lock held.
    """
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED)):
        run = record.dagster_run
        if run.run_id == but or _lives(home, record):
            continue
        instance.report_run_canceled(run, message="Its process ended without a word.")
        ended.append(run.run_id)
    _free_slots_of_ended_runs(instance)
    _sweep(home, instance)
    return ended


def _free_slots_of_ended_runs(instance: dg.DagsterInstance) -> None:
    """Also of runs that others ended: the code server calls a killed worker's run failed itself."""
    storage = instance.event_log_storage
    holders: set[str] = set()
    for pool in storage.get_concurrency_keys():
        found = storage.get_concurrency_info(pool)
        holders |= {one.run_id for one in found.claimed_slots}
        holders |= {one.run_id for one in found.pending_steps}
    for run_id in holders:
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slots_for_run(run_id)


def _mark_alive(home: Home, run_id: str) -> None:
    while _mark:
        _mark.pop().release()  # a process's earlier run is over
    path = _mark_of(home, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, thread_local=False)
    lock.acquire()
    _mark.append(lock)


def _mark_of(home: Home, run_id: str) -> Path:
    return home.dagster / "alive" / run_id


def _is_locked(path: Path) -> bool:
    try:
        with FileLock(path, thread_local=False).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _lives(home: Home, record: dg.RunRecord) -> bool:
    path = _mark_of(home, record.dagster_run.run_id)
    if path.exists():
        return _is_locked(path)
    return time.time() - record.update_timestamp.timestamp() < GRACE_SECONDS


def _an_older_run_waits(home: Home, instance: dg.DagsterInstance, run_id: str) -> bool:
    """True if one launched earlier lives; of the same backfill, also if it is still starting."""
    records = instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED))
    mine = next(one for one in records if one.dagster_run.run_id == run_id)
    backfill = mine.dagster_run.tags.get(BACKFILL_ID_TAG)
    return any(
        _mark_of(home, one.dagster_run.run_id).exists()
        or (backfill is not None and backfill == one.dagster_run.tags.get(BACKFILL_ID_TAG))
        for one in records
        if one.storage_id < mine.storage_id
    )


def _sweep(home: Home, instance: dg.DagsterInstance) -> None:
    """Remove the files of runs that are over."""
    for path in (home.dagster / "alive").glob("*"):
        run = instance.get_run_by_id(path.name)
        if (run is None or run.is_finished) and not _is_locked(path):
            path.unlink(missing_ok=True)
