import atexit
import os
from pathlib import Path

import pytest
from homes import made_once, run, simulated_home

from assets.home import Home
from voc_pipeline.warehouse.publish import read_published

WEEKS = 9

# While Python shuts down, DuckDB's wheel lists a hundred objects that pytest still held: noise
# after the verdict. By then every failure has been told.
atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)


LONGEST_FIRST = (
    "test_weekly_job",
    "test_dagster_ui",
    "test_killed_runs",
    "test_dagster",
    "test_command_line",
    "test_readme",
    "test_registry",
    "test_trace",
)


def pytest_configure() -> None:
    """The workers are as many as the cores: a second thread in each would only wait."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file goes to one process whole: the long ones first, so that all end together."""
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Home:
    """A home whose nine weeks ran in one go. Copy it before changing it."""
    return made_once(tmp_path_factory, "finished", _nine_weeks)


def _nine_weeks(folder: Path) -> Home:
    home = simulated_home(folder, weeks=WEEKS)
    run(home, 1, WEEKS)
    found = read_published(home.path, "SELECT count(DISTINCT issue_id) AS issues FROM mentions")
    assert found["issues"][0] > 5
    return home
