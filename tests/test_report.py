import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import cache
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError
from report_cases import early, quiet
from report_tables import (
    BACK_TEST_SCHEMA,
    FIGURE_SCHEMA,
    LOAD_SCHEMA,
    PLACE_SCHEMA,
    WEEK,
    empty,
    figure_rows,
    health_rows,
    issue_figures,
    settings,
    tables,
)

from models.errors import ContractError
from models.report import WeeklyReport
from voc_pipeline.report import (
    ReportTables,
    build_report,
    render_html,
    report_json,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
STYLE = Path(__file__).parents[1] / "voc_pipeline" / "report" / "style.css.html.j2"


def report(given_tables: ReportTables, **company: object) -> WeeklyReport:
    return build_report(given_tables, week=WEEK, settings=settings(**company))


@cache
def usual() -> WeeklyReport:
    return report(tables())


@cache
def usual_html() -> str:
    return render_html(usual())


def page_one(html: str) -> str:
    """The words of page one that stand outside charts and that a wide page shows."""
    body = html[html.index("<main") : html.index("</section>")]
    body = re.sub(r"<svg.*?</svg>|<span class=\"phone\".*?</span>", " ", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_quiet_week_reads_as_quiet_and_has_no_card():
    made = report(quiet(tables()))
    html = render_html(made)
    assert made.headline == "A quiet week: no problem moved beyond chance."
    assert made.look_first == made.watch == ()
    assert "Look at" not in page_one(html)
    assert "0 of 16" in page_one(html)


def test_first_week_reads_as_a_first_week():
    made = report(early(1))
    assert made.headline == "Listening has begun. No problem has been named yet."
    assert "no usual range yet" in page_one(render_html(made))


def test_third_week_says_that_it_is_too_early():
    html = render_html(report(early(3)))
    assert "Too early to judge: this is week 3 of the history." in page_one(html)
    assert "not been measured here yet" in page_one(html)
    assert "seasons are not known yet" in html


def test_week_without_feedback_is_no_good_news():
    made = report(empty())
    assert made.headline == "No feedback arrived this week."
    assert [line.state for line in made.sources] == ["not started"] * 4
    assert "Nothing has been fetched yet" in render_html(made)


@pytest.mark.parametrize(
    ("state", "words"),
    [("silent", "Chat sent nothing this week, where 384 are usual."),
     ("failed", "Chat could not be read this week, where 384 are usual.")],
)  # fmt: skip
def test_dead_source_stands_before_the_headline(state, words):
    made = report(replace(quiet(tables()), health=health_rows(chat=state)))
    text = page_one(render_html(made))
    assert text.index(words) < text.index(made.headline)
    assert made.headline == "No problem moved beyond chance, in the feedback that arrived."
    assert made.sources[0].source_id == "chat"


def test_source_silent_for_weeks_says_for_how_many():
    rows = health_rows(chat="silent").with_columns(
        state=pl.when(
            (pl.col("source_id") == "chat") & (pl.col("week_start") >= date(2026, 10, 26))
        )
        .then(pl.lit("silent"))
        .otherwise("state")
    )
    made = report(replace(tables(), health=rows))
    assert made.notices[0].text.startswith("Chat sent nothing for 3 weeks, where 384 are usual.")


def test_source_without_a_row_this_week_is_missing_not_ok():
    rows = health_rows().filter((pl.col("source_id") != "chat") | (pl.col("week_start") < WEEK))
    made = report(replace(tables(), health=rows))
    assert made.notices[0].is_missing
    assert made.notices[0].text.startswith("Nothing is known of Chat this week.")


# the figures


def test_figures_shown_are_those_published():
    full = tables()
    made = usual()
    published = {
        (row["week_start"], row["issue_id"], row["figure"]): row["value"]
        for row in full.figures.to_dicts()
    }
    for issue in made.issues:
        assert issue.feedback_count == published[WEEK, issue.issue_id, "feedback_count"]
        assert issue.upper_bound == published[WEEK, issue.issue_id, "upper_bound"]
        for back, value in enumerate(reversed(issue.series.values)):
            key = (WEEK - timedelta(weeks=back), issue.issue_id, "feedback_count")
            assert value == published.get(key)
    assert made.key_figures[3].value == published[WEEK, "", "feedback_count"]
    rate = 1000 * published[WEEK, "", "problem_count"] / published[WEEK, "", "feedback_count"]
    assert made.key_figures[0].value == pytest.approx(rate, abs=1e-6)


def test_changing_one_published_count_changes_the_page():
    full = tables()
    changed = full.figures.with_columns(
        value=pl.when(
            (pl.col("week_start") == WEEK)
            & (pl.col("issue_id") == "ISS-0006")
            & (pl.col("figure") == "feedback_count")
        )
        .then(pl.col("value") + 1)
        .otherwise("value")
    )
    assert usual_html() != render_html(report(replace(full, figures=changed)))


def test_pressing_issues_come_first_and_cards_are_three():
    made = usual()
    verdicts = [made.issue(one).verdict for one in made.watch]
    assert verdicts[:4] == ["SPIKING", "SPIKING", "NEW", "RISING"]
    assert set(verdicts[4:]) == {"STEADY"}
    assert made.look_first == made.watch[:3]
    assert [made.issue(one).verdict for one in made.easing] == ["DECLINING", "RESOLVED"]


def test_new_issue_without_a_report_this_week_gets_no_card():
    rows = figure_rows(WEEK, "ISS-0001", **issue_figures(0, None, verdict="NEW"))
    rows += figure_rows(WEEK, "", feedback_count=10, problem_count=1)
    made = report(empty(figures=pl.DataFrame(rows, schema=FIGURE_SCHEMA)))
    assert made.watch == ()
    assert made.look_first == ()


def test_concentration_is_the_published_finding():
    made = usual()
    found = made.issue("ISS-0001").concentration
    assert found is not None
    assert (found.dimension, found.cell) == ("product", "Hale Express")
    row = tables().places.filter(pl.col("is_finding")).row(0, named=True)
    assert found.cell_count == row["feedback_count"]
    assert found.excess_count == pytest.approx(row["contribution"], abs=1e-6)
    assert made.issue("ISS-0004").only_source == "Store reviews"
    assert made.issue("ISS-0008").concentration is None
    words = page_one(usual_html())
    assert f"{found.cell_count} of {found.issue_count} reports have product" in words


def test_pair_of_cells_is_named_with_both():
    places = tables().places.with_columns(
        second_dimension=pl.when("is_finding").then(pl.lit("region")).otherwise("second_dimension"),
        second_cell=pl.when("is_finding").then(pl.lit("North")).otherwise("second_cell"),
    )
    words = page_one(render_html(report(replace(tables(), places=places))))
    assert "product “Hale Express” and region “North”; about" in words


def test_parts_sum_to_the_excess_and_name_where_it_sits():
    for issue_id in usual().watch:
        issue = usual().issue(issue_id)
        excess = issue.feedback_count - (issue.expected_count or 0.0)
        assert sum(part.extra_count for part in issue.parts) == pytest.approx(excess, abs=1e-4)
        extras = [part.extra_count for part in issue.parts if not part.is_rest]
        assert extras == sorted(extras, reverse=True)
    assert usual().issue("ISS-0001").parts[0].cell == "Hale Express"


def test_many_cells_stand_together_as_the_rest():
    rows = [
        (WEEK, "ISS-0001", "region", f"R{at:02d}", "", None, 40 - at, 0.1, 2.0, 38.0 - at, None,
         False, False)
        for at in range(9)
    ]  # fmt: skip
    places = pl.DataFrame(rows, schema=PLACE_SCHEMA, orient="row")
    made = report(replace(tables(), places=places))
    parts = made.issue("ISS-0001").parts
    assert [part.cell for part in parts] == ["R00", "R01", "R02", "R03", None]
    assert parts[-1].is_rest
    assert parts[-1].feedback_count == sum(range(32, 37))
    assert "All others" in render_html(made)


def test_pattern_and_new_words_are_among_what_is_known():
    new, copied = (usual().issue(one).page for one in ("ISS-0004", "ISS-0008"))
    assert new is not None
    assert copied is not None
    assert "New in its texts: “8.2.0” and “frozen”." in new.known
    assert "14 voices used the same words" in copied.known
    assert "All in one source" not in new.known


def test_issues_above_in_a_usual_week_follow_the_measured_share():
    full = tables()
    judged = usual().sureness.judged_count
    measured = usual().sureness
    nominal = report(replace(full, back_test=pl.DataFrame(schema=BACK_TEST_SCHEMA))).sureness
    assert measured.usual_above_count == pytest.approx(0.046 * judged, abs=1e-6)
    assert nominal.usual_above_count == pytest.approx(0.025 * judged, abs=1e-6)
    assert (measured.inside_share, measured.above_share) == (0.907, 0.046)
    assert (nominal.inside_share, nominal.above_share) == (None, None)


def test_how_sure_says_that_real_movements_are_among_the_weeks_measured():
    html = usual_html()
    words = page_one(html)
    assert "Of 4,120 judged issue-weeks, real movements included, 91% lay inside" in words
    assert "4.6% above: one week above can be chance" in words


def test_what_gets_better_says_what_was_compared_and_no_range_that_has_adapted():
    made = usual()
    falling = made.issue(made.easing[0])
    easing = render_html(made).partition("Getting better")[2].partition("</ul>")[0]
    assert falling.reason.partition(";")[0] in unescape(easing)
    assert "usual" not in easing


def test_card_of_a_new_issue_shows_last_week_and_no_usual_range():
    made = usual()
    new = next(one for one in made.issues if one.verdict == "NEW")
    assert new.issue_id in made.look_first
    card = render_html(made).partition(f">{new.label}</bdi>")[2].partition("</article>")[0]
    words = re.sub(r"<[^>]+>", "", card.partition("<svg")[0])
    assert f"{new.feedback_count} reports, {new.previous_count} last week" in words
    assert "usual" not in words


def test_every_fetched_record_is_accounted_for_or_the_difference_is_shown():
    made = usual()
    assert [line.difference for line in made.balances_week] == [0] * 5
    assert made.balances_all[-1].fetched_count == 412 * 4 * 12
    lost = pl.DataFrame(
        [("chat", WEEK, 1, 100, 90, 0, 0, 0, 7, 0, 0)], schema=LOAD_SCHEMA, orient="row"
    )
    html = render_html(report(replace(tables(), loads=lost)))
    assert "✕ 3" in html
    assert "Every record fetched is accounted for" not in html
    assert "Some fetched records are not accounted for" in html


def test_restatement_and_set_aside_are_told_with_reason_and_remedy():
    html = usual_html()
    for words in (
        "no usable date in column called_at",
        "Fill called_at.",
        "score only",
        "arrived late",
    ):
        assert words in html


def test_list_that_is_cut_says_of_how_many():
    full = tables()
    many = pl.concat([full.restatements] * 45).with_columns(
        issue_id=pl.Series([f"ISS-{place:04d}" for place in range(45)])
    )
    kinds = pl.concat([full.rejects.head(1)] * 50).with_columns(
        reason=pl.Series([f"reason {place}" for place in range(50)])
    )
    html = render_html(report(replace(full, restatements=many, rejects=kinds)))
    words = re.sub(r"<[^>]+>", "", html)
    assert "The 12 weightiest of 45 figures;" in words
    assert "The 40 most frequent of 50 kinds;" in words


@pytest.mark.parametrize(
    ("health", "finding"),
    [(health_rows(), "Every source sent what is usual for it"),
     (health_rows(chat="silent", survey="failed"), "Two of 4 sources sent nothing we could read"),
     (health_rows(chat="surge"), "All sources sent feedback, one in unusual volume"),
     (health_rows().clear(), "No source has sent anything yet"),
     (health_rows().filter(pl.col("source_id") != "chat"),
      "Every source sent what is usual for it; one sent nothing so far"),
     (health_rows().with_columns(expected_count=pl.lit(None, pl.Float64)),
      "What is usual is not known yet for every source")],
)  # fmt: skip
def test_heading_over_the_sources_states_the_finding(health, finding):
    html = render_html(report(replace(tables(), health=health)))
    assert f">{finding}</span></h2>" in html


def test_unknown_verdict_is_a_broken_contract():
    rows = figure_rows(WEEK, "ISS-0001", **issue_figures(3, verdict="WILD"))
    with pytest.raises(ContractError, match="WILD"):
        report(empty(figures=pl.DataFrame(rows, schema=FIGURE_SCHEMA)))


def test_range_of_a_week_too_early_to_judge_is_not_used():
    figures = issue_figures(90, 20.0, verdict="INSUFFICIENT_HISTORY")
    rows = figure_rows(WEEK, "ISS-0001", **figures)
    rows += figure_rows(WEEK, "", feedback_count=100, problem_count=90)
    made = report(empty(figures=pl.DataFrame(rows, schema=FIGURE_SCHEMA)))
    assert made.watch == ()
    assert made.sureness.judged_count == 0
    assert made.issues[0].series.upper[-1] is None
    assert "none yet" in render_html(made)


def test_report_refuses_an_issue_it_does_not_hold():
    content = usual().model_dump()
    with pytest.raises(ValidationError, match="ISS-9999"):
        WeeklyReport.model_validate(content | {"watch": ("ISS-9999",)})
    with pytest.raises(ValidationError):
        WeeklyReport.model_validate(content | {"surprise": 1})


# the same bytes


def test_row_order_of_the_tables_does_not_matter():
    full = tables()
    mixed = ReportTables(
        **{
            one.name: getattr(full, one.name).sample(fraction=1, shuffle=True, seed=3)
            for one in fields(full)
        }
    )
    assert report_json(report(mixed)) == report_json(usual())


def test_hash_seed_does_not_change_a_byte():
    code = (
        "import hashlib, report_tables as t; from voc_pipeline.report import *;"
        "r = build_report(t.tables(16, 30), week=t.WEEK, settings=t.settings());"
        "print(hashlib.sha256((render_html(r) + report_json(r)).encode()).hexdigest())"
    )
    path = os.pathsep.join(str(Path(__file__).parents[part]) for part in (0, 1))
    seed = "77" if os.environ.get("PYTHONHASHSEED") != "77" else "78"
    elsewhere = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    here = report(tables(16, 30))
    digest = hashlib.sha256((render_html(here) + report_json(here)).encode()).hexdigest()
    assert digest == elsewhere


def test_json_is_the_value_and_reads_back():
    made = usual()
    text = report_json(made)
    assert WeeklyReport.model_validate_json(text) == made
    assert list(json.loads(text)) == sorted(json.loads(text))
