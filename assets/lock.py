"""One run at a time in a home, from the command line and from the UI alike, and no dead run's slot.

A killed run stays STARTED with its pool slot, and the next one would wait for ever. Every run
keeps a file locked while its process lives; whoever gets the home's lock ends the runs whose file
is free.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from filelock import FileLock, Timeout

from assets.home import Home

PATIENCE_SECONDS = 30 * 60
"""A run from the UI waits this long for another one to end; then it fails and says so."""
GRACE_SECONDS = 60.0
"""A run without a file of its own may still be starting for this long."""


class HomeResource(dg.ConfigurableResource["HomeResource"]):
    """The home of a run, held for as long as the run lasts."""

    path: str

    @property
    def home(self) -> Home:
        """The home."""
        from pathlib import Path

        return Home(Path(self.path))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HomeResource"]:
        """Take the home's lock, end dead runs, and mark this run as alive."""
        run_id = context.run.run_id if context.run else "without a run"
        instance = context.instance
        with (
            alive(self.home, run_id),
            self.home.lock(f"run {run_id[:8]}", PATIENCE_SECONDS),
        ):
            if instance is not None:
                end_dead_runs(self.home, instance, but=run_id)
            yield self


@contextmanager
def alive(home: Home, run_id: str) -> Iterator[None]:
    """Keep the run's own file locked: the system frees it however the process dies."""
    folder = home.dagster / "alive"
    folder.mkdir(parents=True, exist_ok=True)
    mark = FileLock(folder / run_id, thread_local=False)
    with mark:
        yield
    (folder / run_id).unlink(missing_ok=True)


def end_dead_runs(home: Home, instance: dg.DagsterInstance, *, but: str = "") -> list[str]:
    """Cancel runs whose process is gone and free their pool slots; returns their ids.

    Call it with the home's lock held: a run that waits for the lock is alive and keeps its file.
    """
    unfinished = [
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.CANCELING,
    ]
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=unfinished)):
        run = record.dagster_run
        if run.run_id == but or _lives(home, run.run_id, record.start_time):
            continue
        instance.report_run_canceled(run, message="Its process ended without a word.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        (home.dagster / "alive" / run.run_id).unlink(missing_ok=True)
        ended.append(run.run_id)
    return ended


def _lives(home: Home, run_id: str, started: float | None) -> bool:
    path = home.dagster / "alive" / run_id
    if not path.exists():
        return started is None or time.time() - started < GRACE_SECONDS
    try:
        with FileLock(path, thread_local=False).acquire(timeout=0):
            return False
    except Timeout:
        return True
