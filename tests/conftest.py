import pytest
from homes import run, simulated_home

from assets.home import Home
from voc_pipeline.warehouse.publish import read_published

WEEKS = 9


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Home:
    """A home whose nine weeks ran in one go. Copy it before changing it."""
    home = simulated_home(tmp_path_factory.mktemp("finished") / "home", weeks=WEEKS)
    run(home, 1, WEEKS)
    found = read_published(home.path, "SELECT count(DISTINCT issue_id) AS issues FROM mentions")
    assert found["issues"][0] > 5
    return home
