"""Erased customers leave every table and report; published numbers stay, loads balance."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from homes import made_once, run, simulated_home, week
from typer.testing import CliRunner

from assets.command_line import app
from assets.home import Home
from assets.report import rewrite_reports
from models.issue import Issue
from models.raw import Load
from models.report import WeeklyReport
from models.trend import PublishedFigure, Restatement
from models.week import week_label
from voc_pipeline.feedback.customers import customer_key
from voc_pipeline.warehouse import erasure, soundness
from voc_pipeline.warehouse.publish import read_published

WEEKS = 3


@pytest.fixture(scope="module")
def erased(tmp_path_factory):
    """A home of three weeks, the customer whose words its report quotes erased; and how it was."""
    home = made_once(tmp_path_factory, "three_weeks", _three_weeks)
    report = home.reports / "latest" / "report.json"
    quoted = _quotes(json.loads(report.read_text()))
    with home.warehouse() as warehouse:
        spoke = warehouse.query(
            "SELECT source_id, external_id, customer_key FROM feedback SEMI JOIN quoted "
            "USING (feedback_id) WHERE customer_key IS NOT NULL ORDER BY feedback_id",
            quoted=pl.DataFrame({"feedback_id": sorted({one["feedback_id"] for one in quoted})}),
        ).row(0, named=True)
        payload = warehouse.value(
            "SELECT payload FROM raw WHERE source_id = ? AND external_id = ?",
            spoke["source_id"],
            spoke["external_id"],
        )
        records = erasure.records_of(warehouse, [spoke["customer_key"]])
        before = {
            "report": report.read_text(),
            "segments": erasure.segments_of(warehouse, records),
            "feedback": set(records["feedback_id"]),
            "figures": warehouse.rows(PublishedFigure),
            "issues": warehouse.rows(Issue),
            "loads": warehouse.rows(Load),
            "leaving": erasure.members_leaving(warehouse, records),
            "source": spoke["source_id"],
        }
    key = home.pseudonym_key
    customer = next(
        one
        for one in _texts(json.loads(payload))
        if customer_key(one, key) == spoke["customer_key"]
    )
    said = CliRunner().invoke(app, ["suppress", f" {customer.upper()} ", "--home", str(home.path)])
    assert said.exit_code == 0, said.output
    assert customer not in said.output
    return home, before, said.output


def _three_weeks(folder: Path) -> Home:
    home = simulated_home(folder, weeks=WEEKS + 1, scale=0.3)
    run(home, 1, WEEKS)
    return home


def _texts(value) -> list[str]:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [one for part in parts for one in _texts(part)]
    return [str(value)]


def _quotes(value) -> list[dict]:
    if isinstance(value, dict):
        own = [value] if "segment_id" in value else []
        return own + [one for part in value.values() for one in _quotes(part)]
    return [one for part in value for one in _quotes(part)] if isinstance(value, list) else []


def test_no_table_and_no_report_has_an_erased_customer(erased):
    home, before, said = erased
    assert before["segments"]
    count = len(before["feedback"])
    assert f": {count} record{'s' * (count > 1)} erased" in said
    with home.warehouse() as warehouse:
        for table in ("feedback", "segments"):
            found = warehouse.query(f"SELECT feedback_id AS id FROM {table}")  # noqa: S608
            assert before["feedback"].isdisjoint(found["id"])
        for table in ("assignments", "mentions", "issue_quotes", "curated_quotes"):
            found = warehouse.query(f"SELECT segment_id AS id FROM {table}")  # noqa: S608
            assert before["segments"].isdisjoint(found["id"])
        orphans = warehouse.value(
            "SELECT count(*) FROM vectors ANTI JOIN segments USING (text_hash)"
        )
        assert orphans == 0
    published = read_published(home.path, "SELECT feedback_id FROM feedback")
    assert before["feedback"].isdisjoint(published["feedback_id"])
    gone = [one for one in _quotes(json.loads(before["report"])) if one["segment_id"] in
            before["segments"]]  # fmt: skip
    assert gone
    page = (home.reports / "latest" / "report.html").read_text()
    for one in gone:
        assert one["text"][:30] not in page


def test_loads_still_balance_and_tables_still_agree(erased):
    home, before, _ = erased
    with home.warehouse() as warehouse:
        assert soundness.unbalanced_loads(warehouse).is_empty()
        assert soundness.broken_contracts(warehouse).is_empty()
        assert soundness.unexplained_figures(warehouse).is_empty()
        loads = warehouse.rows(Load)
    assert loads["suppressed_count"].sum() == len(before["feedback"])
    assert loads["fetched_count"].equals(before["loads"]["fetched_count"])


def test_the_register_s_sums_lose_exactly_their_vectors(erased):
    home, before, _ = erased
    with home.warehouse() as warehouse:
        now = warehouse.rows(Issue)
    assert now["issue_id"].equals(before["issues"]["issue_id"])
    leaving = before["leaving"]
    assert leaving.height
    for old, new in zip(before["issues"].to_dicts(), now.to_dicts(), strict=True):
        mine = leaving.filter(
            (pl.col("register_week") == old["register_week"])
            & (pl.col("issue_id") == old["issue_id"])
        )
        assert new["member_count"] == old["member_count"] - mine.height
        if mine.height and new["member_count"]:
            taken = mine["weight"].to_numpy() @ np.array(mine["vector"].to_list())
            left = np.array(old["vector_sum"]) - taken
            assert np.allclose(new["vector_sum"], left, atol=1e-5)


def test_published_figures_stay_and_the_next_week_restates_what_is_known(erased):
    home, before, _ = erased
    for file in (home.path / "sources" / before["source"]).iterdir():
        more = gzip.compress(b"\n") if file.suffix == ".gz" else b"\n"
        file.write_bytes(file.read_bytes() + more)  # changed, so it is read again
    run(home, WEEKS + 1, WEEKS + 1)
    with home.warehouse() as warehouse:
        figures = warehouse.rows(PublishedFigure, "week_start <= ?", week(WEEKS))
        restated = warehouse.rows(Restatement, "as_of_week = ?", week(WEEKS + 1))
        again = warehouse.rows(Load, "received_week = ?", week(WEEKS + 1))
        feedback = warehouse.query("SELECT feedback_id FROM feedback")["feedback_id"]
        assert soundness.unbalanced_loads(warehouse).is_empty()
    assert figures.equals(before["figures"])
    assert set(restated["reason"]) == {"erased"}
    assert again["suppressed_count"].sum() > 0
    assert before["feedback"].isdisjoint(feedback)


def test_a_report_of_another_version_loses_the_words_too(erased):
    home, before, _ = erased
    folder = home.reports / week_label(week(WEEKS))
    other = json.loads(before["report"]) | {"key_of_another_version": 1}
    (folder / "report.json").write_text(json.dumps(other), encoding="utf-8")
    with home.warehouse() as warehouse:
        assert rewrite_reports(home, warehouse, before["segments"]) == 1
        assert rewrite_reports(home, warehouse, before["segments"]) == 0
    left = WeeklyReport.model_validate_json((folder / "report.json").read_bytes())
    assert left.headline == other["headline"]
    assert not before["feedback"] & {
        one["feedback_id"] for one in _quotes(left.model_dump(mode="json"))
    }


def test_no_customer_named_is_refused(tmp_path):
    said = CliRunner().invoke(app, ["suppress", "--home", str(tmp_path)])
    assert said.exit_code != 0
    assert "no customer to erase" in str(said.exception)


def test_an_unknown_customer_is_told_apart_from_an_erased_one(erased):
    home, _, _ = erased
    said = CliRunner().invoke(app, ["suppress", "nobody-of-ours", "--home", str(home.path)])
    assert said.exit_code == 0, said.output
    assert "0 records erased" in said.output
    assert "No record of them was found" in said.output
    assert "No column customer_id is set for: app_reviews" in said.output


def test_a_home_that_never_ran_is_left_as_it_is(tmp_path):
    said = CliRunner().invoke(app, ["suppress", "ann", "--home", str(tmp_path)])
    assert "no week has run" in str(said.exception)
    assert not list(tmp_path.iterdir())
