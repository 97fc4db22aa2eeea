"""The Dagster UI as its users meet it: `voc ui` on loopback, looked at in headless Chromium."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from homes import run, simulated_home, week

from assets.home import Home

pytestmark = pytest.mark.browser

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None
)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY_SECONDS = 120
RUN_SECONDS = 120
PAGE_MILLISECONDS = 60_000
if CHROMIUM is None:
    pytest.skip("no Chromium on this machine", allow_module_level=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    made = simulated_home(tmp_path_factory.mktemp("ui") / "home", weeks=2, scale=0.05)
    run(made, 1, 1)
    return made


@pytest.fixture(scope="module")
def address(home) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with dagster_ui(home, port):
        yield f"http://127.0.0.1:{port}"


SIGNALS_RESET = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "assets", "ui", *sys.argv[1:]])
"""


@contextmanager
def dagster_ui(home: Home, port: int) -> Iterator[None]:
    """`voc ui`, from its first answer on; at the end nothing of it is left."""
    log = home.path / "ui.log"
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    with log.open("w") as said:
        started = subprocess.Popen(
            [sys.executable, "-c", SIGNALS_RESET, "--home", str(home.path), "--port", str(port)],
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/server_info", started, log)
        yield
    finally:
        started.terminate()
        try:
            started.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def _until_it_answers(url: str, started: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and started.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"the UI did not come up: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def browser(home):
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS, timeout=PAGE_MILLISECONDS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    opened = browser.new_page(base_url=address, viewport={"width": 1500, "height": 1000})
    opened.set_default_timeout(PAGE_MILLISECONDS)
    yield opened
    opened.close()


def ask(address: str, query: str, **variables: object) -> dict:
    """One GraphQL question to the UI's server."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(  # noqa: S310
        f"{address}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        found = json.load(answer)
    assert "errors" not in found, found["errors"]
    return found["data"]


def ended(address: str, run_id: str) -> str:
    """The status of a run once it is over."""
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        query = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
        status = ask(address, query, id=run_id)["runOrError"]["status"]
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            return status
        time.sleep(0.5)
    return f"still {status}"


def latest_run(address: str) -> dict:
    query = "{ runsOrError(limit: 1) { ... on Runs { results { runId tags { key value } } } } }"
    return ask(address, query)["runsOrError"]["results"][0]


def test_the_command_line_s_run_and_the_stages_are_in_the_ui(page):
    page.goto("/runs")
    page.get_by_text("voc/started_by: command line").first.wait_for()
    page.goto("/asset-groups")
    for group in ("listen", "understand", "judge", "tell"):
        page.get_by_text(group, exact=True).first.wait_for()


def test_a_partition_shows_its_counts_and_a_table_with_its_columns(page):
    page.goto(f"/assets/feedback?view=partitions&partition={week(1).isoformat()}")
    for shown in ("dagster/partition_row_count", "with_words", "2025-W39"):
        page.get_by_text(shown, exact=True).first.wait_for()
    page.goto("/assets/feedback?view=overview")
    page.get_by_text("Hash of source and external id, hexadecimal.").first.wait_for()
    page.get_by_text("voice-of-the-customer").first.wait_for()


def test_a_week_launched_by_clicks_runs_and_a_lost_row_blocks_the_next(page, address, home):
    page.goto("/locations/assets.definitions/jobs/weekly")
    page.get_by_role("button", name="Materialize all").first.click()
    page.get_by_role("button", name="Latest", exact=True).first.click()
    page.get_by_role("button", name="Launch").last.click()
    until = time.monotonic() + RUN_SECONDS
    while "command line" in str(latest_run(address)["tags"]) and time.monotonic() < until:
        time.sleep(0.5)
    launched = latest_run(address)
    assert week(2).isoformat() in [tag["value"] for tag in launched["tags"]]
    assert ended(address, launched["runId"]) == "SUCCESS"
    with home.lock("test", 30), home.warehouse() as warehouse:
        assert warehouse.latest_week("report") == week(2)
        warehouse.execute(
            "DELETE FROM feedback WHERE feedback_id = (SELECT min(feedback_id) FROM feedback)"
        )
    again = ask(
        address,
        "mutation($p: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $p) "
        "{ ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }",
        p={"parentRunId": launched["runId"], "strategy": "ALL_STEPS"},
    )["launchRunReexecution"]["run"]["runId"]
    assert ended(address, again) == "FAILURE"
    page.goto("/assets/feedback?view=checks")
    page.get_by_text("Failed", exact=True).first.wait_for()
    page.get_by_text("rows were lost or doubled").first.wait_for()
    with home.warehouse() as warehouse:
        assert warehouse.latest_week("report") == week(2)
