"""Runs that are killed with -9: begun again, they end with the bytes of an undisturbed run."""

import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from homes import left_behind, made_once, run, simulated_home, week

from assets.home import Home
from assets.launch import instance_of
from voc_pipeline.warehouse.publish import last_finished_week

KILLED_WEEKS = 3
KILLED_AT = {
    "inside the register's write": "stage.name == 'issues' and stage.week.isoformat() == '{week}'",
    "inside the verdicts' write": "stage.name == 'trends' and stage.week.isoformat() == '{week}'",
}
SCRIPT = """
import os, signal
from pathlib import Path
from datetime import date
from assets.home import Home
from assets.launch import run_weeks
from voc_pipeline.warehouse import publish, store

kept = store.Stage.record
def record(stage, frames):
    count = kept(stage, frames)
    if {where}:
        os.kill(os.getpid(), signal.SIGKILL)
    return count
store.Stage.record = record
if {at_publish}:
    import assets.mart
    def dies(*arguments):
        os.kill(os.getpid(), signal.SIGKILL)
    assets.mart.publish = dies
run_weeks(Home(Path({home!r})), [date.fromisoformat(one) for one in {weeks!r}])
"""


def killed_run(home: Home, where: str, *, at_publish: bool) -> int:
    weeks = [week(number).isoformat() for number in range(1, KILLED_WEEKS + 1)]
    code = SCRIPT.format(where=where, at_publish=at_publish, home=str(home.path), weeks=weeks)
    return subprocess.run([sys.executable, "-c", code], check=False, cwd=Path.cwd()).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Home:
    return made_once(tmp_path_factory, "undisturbed", _undisturbed)


def _undisturbed(folder: Path) -> Home:
    home = simulated_home(folder, weeks=KILLED_WEEKS)
    run(home, 1, KILLED_WEEKS)
    return home


@pytest.mark.parametrize("place", [*KILLED_AT, "before the publish"])
def test_a_killed_run_starts_at_once_again_and_ends_with_the_same_bytes(
    place, undisturbed, tmp_path
):
    home = simulated_home(tmp_path / "home", weeks=KILLED_WEEKS)
    where = KILLED_AT.get(place, "False").format(week=week(3).isoformat())
    code = killed_run(home, where, at_publish=place == "before the publish")
    assert code == -signal.SIGKILL
    with home.warehouse() as warehouse:
        assert last_finished_week(warehouse) is None
    run(home, 1, KILLED_WEEKS)
    with home.warehouse() as warehouse:
        assert last_finished_week(warehouse) == week(KILLED_WEEKS)
    assert left_behind(home) == left_behind(undisturbed)
    with instance_of(home) as instance:
        statuses = {one.status for one in instance.get_runs()}
        held = instance.event_log_storage.get_concurrency_info("duckdb_writer").active_slot_count
    assert dg.DagsterRunStatus.STARTED not in statuses
    assert held == 0
