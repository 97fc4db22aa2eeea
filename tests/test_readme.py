"""The README tells the truth: its commands run, its queries run, its tables and paths exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from homes import FIRST_WEEK
from typer.testing import CliRunner

from assets.command_line import app
from assets.curation_file import check_decisions
from assets.home import ROOT, Home
from connectors import REGISTRY
from models.settings import read_settings
from voc_pipeline import FLOW
from voc_pipeline.sample import company_actions_toml, simulate_company
from voc_pipeline.warehouse.publish import PUBLISHED_TABLES

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = sorted(set(re.findall(r"^\| `uv run voc (\w+)", README, flags=re.MULTILINE)))


def test_the_ids_of_the_readme_are_those_of_a_simulated_home(finished, tmp_path):
    """Its commands on actions, its trace and its decisions, a year earlier, as the home is."""
    home = Path(shutil.copytree(finished.path, tmp_path / "home", symlinks=True))
    company = simulate_company(seed=11, weeks=9, scale=0.01, first_week=FIRST_WEEK)
    (home / "actions.toml").write_text(company_actions_toml(company), encoding="utf-8")
    lines = re.findall(r"^uv run voc (action .*)$", README, flags=re.MULTILINE)
    lines += [re.search(r"`voc (trace \S+ ISS-\d+)`", README)[1]]
    assert len(lines) == 4
    for line in lines:
        told = [*shlex.split(line.replace("2026-", "2025-")), "--home", str(home)]
        done = CliRunner().invoke(app, told)
        assert done.exit_code == 0, (line, done.exception)
    decisions = re.search(r"```toml\n(decisions = .*?)```", README, flags=re.DOTALL)[1]
    assert check_decisions(Home(home), decisions)[0]["is_in_force"].sum() == 3


def test_every_test_that_the_page_of_the_report_names_is_there():
    told = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", told))
    tests = "".join(one.read_text(encoding="utf-8") for one in (ROOT / "tests").glob("test_*.py"))
    assert len(named) > 30
    assert named <= set(re.findall(r"^def (test_\w+)", tests, flags=re.MULTILINE))


def test_there_are_five_first_queries():
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.splitlines()[0][3:])
def test_a_query_of_the_readme_runs_on_the_analysts_file(query, finished):
    with duckdb.connect(str(finished.path / "voc.duckdb"), read_only=True) as analyst:
        rows = analyst.sql(query).pl()
    assert rows.width >= 4 or "mean_score_share" in rows.columns
    if "What moved" not in query:
        assert rows.height > 0


def test_every_command_of_the_program_is_in_the_readme_and_the_other_way_round():
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    assert set(COMMANDS) == known


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_explains_itself(command):
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "--help" in shown.output


def test_the_main_job_of_the_readme_runs_and_says_where_its_results_are(tmp_path):
    home = tmp_path / "demo"
    voc = [sys.executable, "-m", "assets", "demo", "--weeks", "2", "--home", str(home)]
    done = subprocess.run(voc, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    for line in ("Report of the latest week:", "Analysts' database:"):
        path = re.search(rf"{line}\s+(\S+)", done.stdout)[1]
        assert Path(path).exists()
    assert done.stderr == ""


def test_the_test_command_of_the_readme_is_what_ci_calls():
    assert "uv run pytest" in README
    assert re.search(r"^uv run --frozen pytest$", (ROOT / ".ci/run").read_text(), re.MULTILINE)


def test_every_published_table_and_kind_of_source_is_in_the_readme():
    for table in PUBLISHED_TABLES:
        assert f"| `{table.public_name()}` |" in README
    for kind in REGISTRY:
        assert f"| `{kind}` |" in README


def test_the_flow_of_the_readme_is_the_flow():
    drawn = next(line for line in README.splitlines() if "─▶ raw ─▶" in line)
    assert tuple(drawn.replace("sources ─▶ ", "").split(" ─▶ ")) == FLOW


def test_every_path_of_the_file_map_exists():
    block = README.split("## Where things are")[1].split("```")[1]
    parent = ""
    for line in block.strip().splitlines():
        name = line.split()[0]
        parent = parent if line.startswith(" ") else name
        path = ROOT / (parent + name if line.startswith(" ") else name)
        assert path.is_dir(), path


def test_the_smallest_settings_of_the_readme_are_valid(tmp_path):
    block = re.search(r"```toml\n(.*?)```", README, flags=re.DOTALL)[1]
    (tmp_path / "settings.toml").write_text(block)
    assert [source.id for source in read_settings(tmp_path).sources] == ["reviews"]
