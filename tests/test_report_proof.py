"""Every figure of a report equals the query behind its reference, and a changed one is found."""

import re
from dataclasses import replace
from functools import cache
from random import Random

import duckdb
import polars as pl
import pytest
from report_cases import acted, early, quiet
from report_tables import WEEK, empty, health_rows, notice_rows, settings, tables

from models.quality import DataNotice
from models.report import FigureReference, WeeklyReport
from models.score import Score, ScoreDriver, Survey
from voc_pipeline.report import ReportTables, build_report, render_html
from voc_pipeline.report.proof import faults, unpublished, written
from voc_pipeline.report.references import RULE, SENTENCE, query_of
from voc_pipeline.warehouse.schema import TABLES

MODELS = {model.table: model for model in TABLES}
WEEKS = {
    "acted": acted,
    "usual": tables,
    "quiet": lambda: quiet(tables()),
    "dead source": lambda: replace(
        acted(),
        health=health_rows(chat="silent", survey="surge"),
        notices=notice_rows(
            ("SILENT", "chat", "", None, 0.0, 384.0),
            ("VOLUME_SHIFT", "survey", "", None, 2400.0, 384.0),
        ),
    ),
    "first week": lambda: early(1),
    "too early": lambda: early(3),
    "empty": empty,
    "many": lambda: tables(32, 12),
}
EVENTS = (
    {"happened_on": "2026-10-20", "what": "App 8.2.0 released", "function": "digital"},
    {"happened_on": "2026-03-02", "what": "New prices"},
)


@cache
def made(name: str) -> WeeklyReport:
    return built(WEEKS[name]())


def built(given: ReportTables, **company: object) -> WeeklyReport:
    chosen = settings(**company).model_dump() | {"events": EVENTS}
    return build_report(given, week=WEEK, settings=type(settings()).model_validate(chosen))


@cache
def page(name: str) -> str:
    return render_html(made(name))


@pytest.mark.parametrize("name", WEEKS)
def test_every_figure_on_the_page_is_the_one_its_reference_stands_for(name):
    assert faults(page(name), made(name)) == []


@pytest.mark.parametrize("language", ["de", "es", "fr", "it", "nl", "pt"])
def test_dates_of_every_language_are_no_figures(language):
    report = built(acted(), date_language=language, week_naming="last_day")
    assert faults(render_html(report), report) == []


# each figure equals a query of the mart


def mart(given: ReportTables, report: WeeklyReport) -> duckdb.DuckDBPyConnection:
    """The tables of the week under their names, as the analysts' file holds them."""
    frames = {
        "published_figures": given.figures, "issues": given.issues, "issue_quotes": given.quotes,
        "issue_places": given.places, "issue_patterns": given.patterns,
        "issue_new_terms": given.new_terms, "source_health": given.health, "loads": given.loads,
        "restatements": given.restatements, "actions": given.actions,
        "fix_verdicts": pl.concat([given.fix_verdicts, given.settled])
        if given.settled.width else given.fix_verdicts, "fix_weeks": given.fix_weeks,
        "data_notices": given.notices,
        "trend_backtest": given.back_test, "scores": given.scores,
        "score_drivers": given.drivers, "surveys": given.surveys,
        "rejects": given.rejects.with_columns(
            pl.int_ranges(0, "reject_count").alias("each"), received_week=pl.lit(WEEK)
        ).explode("each"),
        "reports": pl.DataFrame(
            {"week_start": [WEEK], "headline": [report.headline], "lede": [report.lede]}
        ),
    }  # fmt: skip
    connection = duckdb.connect()
    for name, frame in frames.items():
        if frame.width:
            connection.register(name, frame.to_arrow())
    return connection


def is_asked(one: FigureReference) -> bool:
    """Not the sentences, whose figures are asked one by one, nor the rules of the method; nor what
    needs the mentions, which these tables do not hold."""
    from_mentions = ("told_together", "problem_texts", "unassigned_texts")
    in_settings = one.table == "source_health" and one.figure in ("name", "message")
    return not (one.table in (RULE, SENTENCE) or one.figure in from_mentions or in_settings)


@pytest.mark.parametrize("name", ["acted", "quiet", "too early"])
def test_every_figure_equals_the_query_behind_it(name):
    given, report = WEEKS[name](), made(name)
    connection = mart(given, report)
    asked = [one for one in report.references if is_asked(one)]
    assert len(asked) > 40
    wrong = []
    for one in asked:
        found = connection.execute(query_of(one, MODELS)).fetchall()
        if one.table == "source_health" and not found and one.value == 0:
            continue  # a source without a row has sent nothing
        if len(found) != 1 or not agrees(one, found[0][0]):
            wrong.append((one.ref, one.value, one.value_text, found))
    assert wrong == [], wrong[:8]


def agrees(one: FigureReference, found: object) -> bool:
    if one.unit == "text":
        stored = str(found or "")
        return (one.value_text or "").removesuffix("…") in stored or stored.startswith(
            one.value_text or ""
        )
    return found is not None and float(str(found)) == pytest.approx(one.value, rel=1e-5, abs=1e-5)


# a changed figure is found


def numbers_of(html: str) -> list[tuple[int, int]]:
    """Where each number stands that a reader sees; dates and the ticks of axes aside."""
    hidden = re.compile(
        r"<head>.*?</head>|<time.*?</time>|<text class=\"(?:tick|scale|head)\".*?</text>|<[^>]*>"
        r"|&#?\w+;",
        re.DOTALL,
    )
    shown = hidden.sub(lambda found: " " * len(found[0]), html)
    month = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    shown = re.sub(
        rf"\b\d{{1,2}} (?:{month})\w*(?: \d{{4}})?", lambda found: " " * len(found[0]), shown
    )
    return [found.span() for found in re.finditer(r"\d[\d,.]*(?<![,.])", shown)]


def changed(text: str, random: Random) -> str:
    """The number with one digit exchanged."""
    places = [place for place, one in enumerate(text) if one.isdigit()]
    place = random.choice(places)
    other = random.choice([one for one in "0123456789" if one != text[place]])
    return text[:place] + other + text[place + 1 :]


def test_changing_any_one_figure_is_found():
    html, report = page("acted"), made("acted")
    random = Random(11)
    spans = numbers_of(html)
    assert len(spans) > 500
    missed = []
    for start, end in random.sample(spans, 60):
        mutant = html[:start] + changed(html[start:end], random) + html[end:]
        if not faults(mutant, report):
            missed.append((html[start - 60 : end + 20], mutant[start:end]))
    assert missed == []


def test_figure_without_a_reference_is_found():
    html = page("acted")
    loose = html.replace("Known limits", "Known limits: 37 of 40", 1)
    assert faults(loose, made("acted")) == ["no reference for 'Known limits: 37 of 40'"]


def test_words_put_into_a_quote_are_found():
    html = page("acted")
    found = faults(
        html.replace("the screen just stopped", "the screen never stopped", 1), made("acted")
    )
    assert any("is no part of the quote" in one for one in found)


def test_part_that_does_not_sum_is_found():
    html, report = page("acted"), made("acted")
    issue = report.issue("ISS-0001")
    assert issue.parts
    shown = re.search(r'contribution">(\D\d+)<', html)
    assert shown
    assert faults(html.replace(shown[0], shown[0].replace(shown[1], "+999"), 1), report)


def test_only_the_ends_of_a_range_are_rounded_down():
    one = FigureReference(ref="x/y", table="x", key=(), figure="y", value=24.7)
    assert written(one) == {"25"}
    assert written(one.model_copy(update={"unit": "bound"})) == {"24"}
    assert "100%" not in written(one.model_copy(update={"unit": "share", "value": 0.9996}))


def test_figure_that_was_not_published_is_found():
    given, report = tables(), made("usual")
    assert unpublished(report, given.figures) == []
    other = given.figures.with_columns(
        value=pl.when(
            (pl.col("issue_id") == "ISS-0003")
            & (pl.col("week_start") == WEEK)
            & (pl.col("figure") == "feedback_count")
        )
        .then(pl.col("value") + 1)
        .otherwise("value")
    )
    assert len(unpublished(report, other)) == 1


def test_score_driver_or_notice_that_was_not_published_is_found():
    given, report = acted(), made("acted")
    kept = {
        Score: given.scores, ScoreDriver: given.drivers, Survey: given.surveys,
        DataNotice: given.notices,
    }  # fmt: skip
    assert unpublished(report, given.figures, kept) == []
    shifted = {
        Score: pl.col("value") + 1, ScoreDriver: pl.col("lower_bound") + 1,
        Survey: pl.col("response_count") + 1, DataNotice: pl.col("observed_count") + 1,
    }  # fmt: skip
    for model, other in shifted.items():
        found = unpublished(report, given.figures, kept | {model: kept[model].with_columns(other)})
        assert found
        assert all(one.startswith(f"{model.table}/") for one in found)
