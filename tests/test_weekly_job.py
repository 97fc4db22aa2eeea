"""The whole job on a small simulated company: same bytes however it is run, nothing lost."""

import json
import re
import shutil
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from conftest import WEEKS
from homes import left_behind, report_files, run, simulated_home, week
from typer.testing import CliRunner

from assets.checks import misprinted, unproven
from assets.command_line import app
from assets.definitions import definitions_of
from assets.home import Home
from assets.launch import instance_of, run_weeks
from models.curation import DecisionRow, read_decisions
from models.errors import ConfigurationError
from models.issue import IssueCrosswalk
from models.raw import Load, RawRecord
from models.trend import PublishedFigure, Restatement
from models.week import week_label
from voc_pipeline import FLOW
from voc_pipeline.issues.curation import read_rulings
from voc_pipeline.issues.vectors import load_model
from voc_pipeline.warehouse import Warehouse, soundness


@pytest.fixture
def own_copy(finished, tmp_path) -> Home:
    shutil.copytree(finished.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


def test_the_asset_graph_is_the_flow(finished):
    graph = definitions_of(finished).resolve_asset_graph()
    keys = [key.to_user_string() for key in graph.toposorted_asset_keys]
    assert tuple(keys) == FLOW
    for before, after in pairwise(FLOW):
        parents = graph.get(dg.AssetKey(after)).parent_keys
        assert dg.AssetKey(before) in parents
    assert dg.AssetKey("issues") in graph.get(dg.AssetKey("issues")).parent_keys


def test_every_stage_has_group_owner_kind_and_description(finished):
    graph = definitions_of(finished).resolve_asset_graph()
    for name in FLOW:
        node = graph.get(dg.AssetKey(name))
        assert node.group_name != "default"
        assert node.owners
        assert node.kinds
        assert len(node.description) > 40


def test_the_second_run_adds_no_row_and_changes_no_byte(own_copy):
    before = left_behind(own_copy)
    run(own_copy, 1, WEEKS)
    assert left_behind(own_copy) == before


def test_in_several_runs_gives_the_bytes_of_one_go(finished, tmp_path):
    home = simulated_home(tmp_path / "home", weeks=WEEKS)
    for first, last in ((1, 1), (2, 2), (3, 5), (6, 6), (7, WEEKS)):
        run(home, first, last)
    assert left_behind(home) == left_behind(finished)


def test_a_skipped_week_is_run_as_it_is(tmp_path):
    home = simulated_home(tmp_path / "gap", weeks=3)
    run(home, 1, 1)
    run(home, 3, 3)
    with home.warehouse() as warehouse:
        registers = warehouse.query(
            "SELECT week_start FROM stage_partitions WHERE stage = 'issues'"
        )
    assert set(registers["week_start"]) == {week(1), week(2), week(3)}


def test_every_source_and_week_balances_in_rows_that_are_there(finished):
    with finished.warehouse() as warehouse:
        assert soundness.unbalanced_loads(warehouse).is_empty()
        loads, raw = warehouse.rows(Load), warehouse.rows(RawRecord)
    assert loads["loaded_count"].sum() == raw.height > 500
    assert loads.select("source_id").n_unique() == len(finished.settings.sources)


def test_a_lost_feedback_row_blocks_what_follows(own_copy):
    with own_copy.warehouse() as warehouse:
        warehouse.execute(
            "DELETE FROM feedback WHERE feedback_id = (SELECT min(feedback_id) FROM feedback)"
        )
    before = left_behind(own_copy)
    outcome = run_weeks(own_copy, [week(WEEKS)])
    assert not outcome.succeeded
    assert any("conservation" in line for line in outcome.failures)
    assert left_behind(own_copy) == before


def test_a_doubled_row_and_a_false_quote_are_found(own_copy):
    with own_copy.warehouse() as warehouse:
        assert soundness.broken_grains(warehouse).is_empty()
        assert soundness.broken_contracts(warehouse).is_empty()
        warehouse.execute("INSERT INTO segments SELECT * FROM segments LIMIT 1")
        warehouse.execute("UPDATE issue_quotes SET quote = 'nobody said this'")
        assert soundness.broken_grains(warehouse)["table_name"].to_list() == ["segments"]
        promises = soundness.broken_contracts(warehouse)["promise"].to_list()
    assert promises == ["a quote is a substring of a masked verbatim"]


@pytest.mark.parametrize("table", ["published_figures", "scores", "trend_backtest"])
def test_a_figure_of_a_report_that_was_not_published_is_found(table, own_copy):
    last = week(WEEKS)
    path = own_copy.reports / week_label(last) / "report.json"
    with own_copy.warehouse() as warehouse:
        assert misprinted(own_copy, warehouse, [last]).is_empty()
        told = json.loads(path.read_bytes())
        one = next(
            one for one in told["references"] if one["table"] == table and one["value"] is not None
        )
        one["value"] += 1
        path.write_text(json.dumps(told), encoding="utf-8")
        assert misprinted(own_copy, warehouse, [last])["fault"].to_list()[0].startswith(one["ref"])
        path.write_text("{}", encoding="utf-8")
        assert misprinted(own_copy, warehouse, [last]).height == 1


def test_a_figure_changed_on_a_page_is_found(own_copy):
    last = week(WEEKS)
    assert unproven(own_copy, [last]).is_empty()
    page = own_copy.reports / week_label(last) / "report.html"
    html = page.read_text(encoding="utf-8")
    shown = re.search(r'data-name="Responses"[^>]*>(\d)', html)
    assert shown
    tampered = html[: shown.start(1)] + "9" + html[shown.start(1) :]
    page.write_text(tampered, encoding="utf-8")
    assert not unproven(own_copy, [last]).is_empty()


def test_an_old_week_run_again_places_only_what_is_new_and_restates(own_copy):
    reviews = sorted((own_copy.path / "sources" / "app_reviews").iterdir())[4]
    first = reviews.read_text(encoding="utf-8").splitlines()[0]
    with duckdb.connect(str(own_copy.path / "voc.duckdb"), read_only=True) as analyst:
        before = analyst.sql("SELECT segment_id, issue_id FROM mentions").pl()
    record = pl.read_ndjson(first.encode())
    identity = own_copy.settings.sources
    column = next(one for one in identity if one.id == "app_reviews").columns
    verbatim = "The app crashes every time I open the basket. I cannot log in to my account."
    changed = record.with_columns(
        pl.lit("late-1").alias(column.external_id[0]), pl.lit(verbatim).alias(column.verbatim[0])
    )
    with reviews.open("a", encoding="utf-8") as file:
        file.write(changed.write_ndjson())
    reports = report_files(own_copy)
    run(own_copy, 5, 5)
    assert report_files(own_copy) == reports
    with duckdb.connect(str(own_copy.path / "voc.duckdb"), read_only=True) as analyst:
        after = analyst.sql("SELECT segment_id, issue_id FROM mentions").pl()
        arrived = analyst.sql("SELECT * FROM feedback WHERE external_id = 'late-1'").pl()
    assert arrived.height == 1
    kept = before.join(after, on=["segment_id", "issue_id"], how="semi")
    assert kept.height == before.height


def test_runs_of_the_command_line_are_in_the_ui_s_instance(finished):
    with instance_of(finished) as instance:
        runs = instance.get_runs()
        assert runs
        assert runs[0].tags["voc/started_by"] == "command line"
        keys = instance.get_materialized_partitions(dg.AssetKey("feedback"))
    assert {week(number).isoformat() for number in range(1, WEEKS + 1)} <= keys


def test_the_analysts_file_opens_at_any_moment_of_a_run(own_copy):
    path = str(own_copy.path / "voc.duckdb")
    opened, errors, over = [], [], threading.Event()

    def analyst():
        while not over.is_set():
            try:
                with duckdb.connect(path, read_only=True) as connection:
                    opened.append(connection.execute("SELECT count(*) FROM mentions").fetchall())
            except duckdb.Error as error:
                errors.append(error)

    code = (
        "from pathlib import Path; from homes import Home, run\n"
        f"home = Home(Path({str(own_copy.path)!r}))\n"
        "(home.path / 'voc.duckdb').touch()\n"
        f"run(home, 1, {WEEKS})"
    )
    reader = threading.Thread(target=analyst)
    reader.start()
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=Path.cwd(), env=_with_tests_on_path()
    )
    over.set()
    reader.join()
    assert done.returncode == 0
    assert errors == []
    assert len(opened) > 10


def _with_tests_on_path():
    import os

    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}


class OtherVectors:
    """Another vector model by its id; wordllama's vectors, so that issues stay in one piece."""

    model_id, dimension = "wordllama-other-256", 256

    def __init__(self):
        self._wordllama = load_model("wordllama")

    def embed(self, texts):
        return self._wordllama.embed(texts)


APART = "ISS-0099"


def decided(home: Home) -> dict[str, str]:
    """Decisions about the largest issues, and about one that a rebuild will not find again.

    They are in force, as a run leaves them. Returns the ids: named, kept, gone and owned.
    """
    with home.warehouse() as warehouse:
        large = warehouse.query(
            "SELECT issue_id FROM mentions GROUP BY ALL ORDER BY count(*) DESC, issue_id LIMIT 4"
        )["issue_id"].to_list()
        _put_together(warehouse, large[:3])
    named, kept, gone, owned = large
    lines = (
        f'id = "D-0001", do = "rename", issue = "{named}", name = "Said plainly"',
        f'id = "D-0002", do = "merge", issue = "{gone}", into = "{kept}"',
        f'id = "D-0003", do = "assign", issue = "{owned}", function = "billing"',
        f'id = "D-0004", do = "rename", issue = "{APART}", name = "All of it"',
        f'id = "D-0005", do = "mute", issue = "{APART}"',
    )
    rows = "".join(f'  {{ {one}, by = "a", on = 2025-11-03, why = "b" }},\n' for one in lines)
    (home.path / "curation.toml").write_text(f"decisions = [\n{rows}]\n", encoding="utf-8")
    with home.warehouse() as warehouse:
        applied, _ = read_rulings(
            read_decisions(home.path), known={*large, APART}, functions={"billing"}, themes=(),
            crosswalk=warehouse.rows(IssueCrosswalk), before=warehouse.rows(DecisionRow),
        )  # fmt: skip
        warehouse.append(DecisionRow, applied)
    return dict(zip(("named", "kept", "gone", "owned"), large, strict=True))


def _put_together(warehouse: Warehouse, names: list[str]) -> None:
    """Ten texts of each of these issues, as if they had been found as one."""
    row = "FROM issues WHERE register_week = ? AND issue_id = ?"
    warehouse.execute(
        f"INSERT INTO issues SELECT * REPLACE ('{APART}' AS issue_id) {row}",
        [week(WEEKS), names[0]],
    )
    warehouse.execute(
        "UPDATE assignments SET issue_id = ? WHERE segment_id IN (SELECT segment_id FROM "
        "mentions WHERE list_contains(?, issue_id) "
        "QUALIFY row_number() OVER (PARTITION BY issue_id ORDER BY segment_id) <= 10)",
        [APART, names],
    )


def _told(home: Home, *command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--home", str(home.path)])
    return f"{done.output}{done.exception or ''}"


def _what_is_set_aside_is_kept_and_told(home: Home, text: str) -> None:
    assert (home.path / "curation.toml").read_text(encoding="utf-8") == text
    checked, listed = _told(home, "check"), _told(home, "issue", "list", "--decisions")
    for told in (checked, listed):
        assert f"line 5: D-0004 is set aside: a rebuild took {APART} apart" in told
        assert f"line 6: D-0005 is set aside: a rebuild took {APART} apart" in told
        assert told.count("remove the line, or decide anew") == 2
    assert "Decisions of people in order: 3; set aside: 2" in checked
    assert "2 to mend; weeks run all the same" in checked
    assert "Decisions of people: 3 stand, 2 set aside" in _told(home, "status")


def test_a_new_vector_model_is_refused_then_rebuilt_with_a_crosswalk_and_decisions_hold(
    own_copy, monkeypatch
):
    from assets.rebuild import rebuild_register

    decisions = decided(own_copy)
    text = (own_copy.path / "curation.toml").read_text(encoding="utf-8")
    with own_copy.warehouse() as warehouse:
        placed = warehouse.value("SELECT count(DISTINCT segment_id) FROM assignments")
        ids = set(warehouse.query("SELECT DISTINCT issue_id FROM issues")["issue_id"])
    monkeypatch.setattr("assets.vector_model.load_model", lambda _name: OtherVectors())
    refused = run_weeks(own_copy, [week(WEEKS)])
    assert not refused.succeeded
    assert any("voc rebuild --from 2025-W39" in line for line in refused.failures)
    assert "run `voc rebuild --from 2025-W39`, which keeps" in _told(own_copy, "check")
    with pytest.raises(ConfigurationError, match="starts at the first week"):
        rebuild_register(own_copy, week(2))

    outcome, crosswalk = rebuild_register(own_copy, week(1))
    assert outcome.succeeded, outcome.failures
    assert crosswalk["mention_count"].sum() == placed
    assert crosswalk.filter(pl.col("old_issue_id") != APART)["old_issue_id"].is_unique().all()
    apart = crosswalk.filter(pl.col("old_issue_id") == APART)
    assert apart["mention_count"].to_list() == [10, 10, 10]
    assert set(crosswalk["old_issue_id"]) - {""} <= ids
    assert not set(crosswalk["new_issue_id"]) & ids
    assert set(crosswalk["from_week"]) == {week(1)}
    with own_copy.warehouse() as warehouse:
        restated = warehouse.rows(Restatement, "reason = 'rebuilt'")
        published = warehouse.rows(PublishedFigure)
        models = set(warehouse.query("SELECT DISTINCT model_id FROM issues")["model_id"])
        shown = warehouse.rows(DecisionRow)
        note = warehouse.recall("rebuild.1")
    assert not restated.is_empty()
    assert set(published["issue_id"]) - {""} <= ids
    assert models == {OtherVectors.model_id}
    assert note == "from 2025-W39, wordllama-0.4.0.post1-256 to wordllama-other-256"
    _what_is_set_aside_is_kept_and_told(own_copy, text)
    shown = shown.filter("is_in_force")
    assert shown.height == 3
    assert set(shown["written_issue_id"]) == set(decisions.values()) - {decisions["kept"]}
    assert set(shown["issue_id"]).isdisjoint(ids)
    with duckdb.connect(str(own_copy.path / "voc.duckdb"), read_only=True) as analyst:
        names = analyst.sql("SELECT issue_id, label, function FROM issues").pl()
    after = dict(shown.select("action", "issue_id").iter_rows())
    assert names.filter(pl.col("label") == "Said plainly")["issue_id"].to_list() == [
        after["rename"]
    ]
    owner = names.filter(pl.col("issue_id") == after["assign"])["function"].to_list()
    assert owner == ["billing"]
