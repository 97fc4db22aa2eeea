"""What takes a row or a card of page one, what a card asks for, and what stays off it."""

import re
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from report_cases import acted
from report_tables import (
    FIGURE_SCHEMA,
    ISSUE_SCHEMA,
    PLACE_SCHEMA,
    TERM_SCHEMA,
    WEEK,
    empty,
    figure_rows,
    issue_figures,
    settings,
    tables,
)

from models.report import WeeklyReport
from voc_pipeline.report import build_report, render_html, write_letter
from voc_pipeline.report.page import MOST_WORDS, page_one_words
from voc_pipeline.report.proof import faults

JUMPED = {"verdict": "SPIKING", "is_alarm": True}


def week_of(*issues: dict[str, Any], register: dict[str, Any] | None = None, **more: Any):
    """The report of a week in which these issues stand as said, ISS-0001 first."""
    rows = figure_rows(WEEK, "", feedback_count=900, problem_count=300, negative_share=0.4)
    known = []
    for number, one in enumerate(issues, start=1):
        issue_id = f"ISS-{number:04d}"
        said = dict(one)
        figures = issue_figures(said.pop("count"), said.pop("expected", 20.0), **said)
        rows += figure_rows(WEEK, issue_id, **figures)
        known.append((WEEK, issue_id, f"Issue {'ABCDEF'[number - 1]}", "billing", WEEK))
    issues_known = pl.DataFrame(known, schema=ISSUE_SCHEMA, orient="row")
    if register:
        issues_known = issues_known.with_columns(**register)
    given = empty(figures=pl.DataFrame(rows, schema=FIGURE_SCHEMA), issues=issues_known, **more)
    return build_report(given, week=WEEK, settings=settings())


def of_first(**said: bool) -> dict[str, pl.Expr]:
    """The first issue muted or pinned."""
    return {
        name: (pl.col("issue_id") == "ISS-0001") & pl.lit(value)
        for name, value in {"is_muted": False, "is_pinned": False, **said}.items()
    }


def page_one(made: WeeklyReport) -> str:
    html = render_html(made)
    assert faults(html, made) == []
    return html[: html.index("</section>")]


def test_few_reports_take_no_row_unless_they_are_an_alarm():
    made = week_of(
        {"count": 3, "expected": 1.0, "verdict": "RISING"},
        {"count": 4, "expected": 0.2, **JUMPED},
        {"count": 31, "verdict": "RISING", "verdict_weeks": 3},
    )
    assert made.watch == ("ISS-0002", "ISS-0003")
    assert made.look_first == ("ISS-0003",)
    assert made.headline == "One problem has jumped above its usual range and one is rising."
    assert "moved on fewer than five reports" in made.lede


def test_new_issue_leaves_the_cards_after_two_weeks_unless_it_is_an_alarm():
    new = {"count": 9, "expected": None, "verdict": "NEW"}
    made = week_of(
        new | {"verdict_weeks": 2}, new | {"verdict_weeks": 3},
        new | {"verdict_weeks": 3, "is_alarm": True},
    )  # fmt: skip
    assert set(made.look_first) == {"ISS-0001", "ISS-0003"}
    assert set(made.watch) == {"ISS-0001", "ISS-0002", "ISS-0003"}
    assert "New, week 3" in page_one(made).replace("</span>", "")
    large = week_of(new | {"count": 12, "verdict_weeks": 5})
    assert large.look_first == ("ISS-0001",)


def test_high_for_weeks_inside_its_range_says_so_and_never_above():
    made = week_of({"count": 24, **JUMPED}, {"count": 20})
    assert made.headline.startswith("“Issue A” stays high: this week and those before it together")
    assert made.issue("ISS-0001").is_lasting
    page = page_one(made)
    assert "Stays high" in page
    assert "Inside its range, but beyond chance with the weeks before." in page
    assert "<h2>Every issue high for weeks</h2>" in page
    assert "Jumped" not in page
    assert "stays high: inside its range" in made.issue("ISS-0001").page.headline
    letter = " ".join(write_letter(made).text.split())
    assert "EVERY ISSUE HIGH FOR WEEKS" in letter
    assert "Inside its range, but beyond chance" in letter


@pytest.mark.parametrize(
    ("issues", "heading"),
    [
        (({"count": 60, **JUMPED},), "Every issue above its range"),
        (({"count": 24, "verdict": "RISING"},), "Every issue rising"),
        (({"count": 60, **JUMPED}, {"count": 24, **JUMPED}, {"count": 9, "verdict": "NEW"}),
         "Every issue above its range, high for weeks or new"),
    ],
)  # fmt: skip
def test_heading_over_the_table_says_what_its_issues_do_and_no_more(issues, heading):
    assert f"<h2>{heading}</h2>" in page_one(week_of(*issues))


@pytest.mark.parametrize(("cards", "look"), [(1, "n1"), (2, "n2"), (3, "n3")])
def test_one_or_two_cards_leave_no_gap(cards, look):
    assert f'class="cards {look}"' in page_one(week_of(*({"count": 60, **JUMPED},) * cards))


def test_page_one_has_at_most_three_decisions_each_with_owner_and_date():
    for full in (acted(), acted(tables(32, 12))):
        page = page_one(build_report(full, week=WEEK, settings=settings()))
        asked = re.findall(r'<p class="asks"><b>Decide:</b>.*?<span class="who">(.*?)</p>', page)
        assert 1 <= len(asked) <= 3
        for who in asked:
            assert re.search(r"<bdi[^>]*>[^<]+</bdi>|✕ no owner", who), who
            assert re.search(r"by <time|overdue|no date", who), who
        assert len(page_one_words(f"{page}</section>")) <= MOST_WORDS


def test_one_thing_is_told_as_one():
    one = pl.DataFrame({"problem_count": [640], "unassigned_count": [1]})
    made = build_report(replace(acted(), placement=one), week=WEEK, settings=settings())
    told = re.sub(r"<[^>]+>", "", page_one(made))
    assert "one overdue, by 3 days" in told
    assert "1 of 640 problem texts fits no issue." in told


def test_functions_finding_counts_those_that_are_asked_something():
    slight = week_of({"count": 7, "verdict": "RISING"}, {"count": 20})
    assert not slight.cards
    html = render_html(slight)
    assert "No function has a decision to make or an ask to answer" in html
    assert "Nothing is asked yet; look at what moved." in html


def test_quiet_card_of_an_issue_with_an_open_ask_repeats_it():
    full = acted()
    kept = full.figures.filter(pl.col("week_start") < WEEK)
    rows = [
        row
        for number in range(1, 17)
        for row in figure_rows(WEEK, f"ISS-{number:04d}", **issue_figures(20 + (number == 1)))
    ]
    rows += figure_rows(WEEK, "", feedback_count=900, problem_count=300, negative_share=0.4)
    now = pl.concat([kept, pl.DataFrame(rows, schema=FIGURE_SCHEMA)])
    made = build_report(
        replace(full, figures=now, places=full.places.clear()), week=WEEK, settings=settings()
    )
    assert made.quiet_issues[0] == "ISS-0001"
    assert "<b>Asked:</b>" in page_one(made)
    assert "Asked: Refund duplicates automatically" in " ".join(write_letter(made).text.split())


def placed(*rows: tuple[Any, ...]) -> dict[str, pl.DataFrame]:
    """Cells as issue, dimension, cell, count, usual share, whether it is the finding."""
    known = [
        (WEEK, issue, dimension, cell, "", None, count, share, share * 10, count - share * 10,
         0.01 if finding else None, finding, False)
        for issue, dimension, cell, count, share, finding in rows
    ]  # fmt: skip
    return {"places": pl.DataFrame(known, schema=PLACE_SCHEMA, orient="row")}


def test_what_began_together_at_one_place_is_named_beside_the_card():
    new = {"verdict": "NEW", "verdict_weeks": 1}
    places = placed(
        ("ISS-0001", "product", "app", 9, 0.2, False),
        ("ISS-0001", "product", None, 21, 0.8, False),
        ("ISS-0002", "product", "app", 5, 0.2, False),
        ("ISS-0002", "product", "shop", 2, 0.8, False),
        ("ISS-0003", "product", "shop", 15, 0.2, False),
    )  # fmt: skip
    made = week_of(
        {"count": 30, **new}, {"count": 17, **new}, {"count": 25, **JUMPED, "verdict_weeks": 9},
        {"count": 60, **JUMPED}, {"count": 50, **JUMPED}, **places,
    )  # fmt: skip
    told = "Began with “Issue B” (17), both mostly in product “app”: perhaps one fault."
    # Spoken for by the first card, the second leaves its place to another problem.
    assert "ISS-0001" not in made.look_first or "ISS-0002" not in made.look_first
    made = week_of({"count": 30, **new}, {"count": 17, **new}, **places)
    assert [one.beside for one in made.cards] == [("ISS-0002",), ()]
    assert told in page_one(made).replace("</span>", "")
    assert told in " ".join(write_letter(made).text.split())
    tampered = render_html(made).replace("(17), both", "(18), both")
    assert faults(tampered, made)


def test_new_issues_of_one_function_are_named_together_and_old_ones_are_not():
    new = {"verdict": "NEW", "verdict_weeks": 1}
    made = week_of({"count": 30, **new}, {"count": 17, **new}, {"count": 60, **JUMPED})
    beside = {one.issue_id: one.beside for one in made.cards}
    assert beside == {"ISS-0003": (), "ISS-0001": ("ISS-0002",), "ISS-0002": ()}
    assert "both new in one function" in page_one(made)


def test_cell_that_is_a_source_under_another_name_explains_nothing():
    places = placed(
        ("ISS-0001", "region", "GB", 41, 0.3, True), ("ISS-0001", "region", None, 19, 0.7, False),
        ("ISS-0001", "channel", "review", 41, 0.3, False),
        ("ISS-0001", "channel", "chat", 19, 0.7, False),
        ("ISS-0001", "source_id", "store_reviews", 41, 0.3, False),
        ("ISS-0001", "source_id", "chat", 19, 0.7, False),
    )  # fmt: skip
    made = week_of({"count": 60, **JUMPED}, **places)
    assert "GB" not in render_html(made)
    found = made.issue("ISS-0001").concentration
    assert found is not None
    assert (found.dimension, found.cell) == ("source_id", "Store reviews")


def test_cell_where_the_issue_always_is_explains_nothing():
    places = placed(
        ("ISS-0001", "region", "GB", 58, 0.95, True), ("ISS-0001", "region", "FR", 2, 0.05, False)
    )
    made = week_of({"count": 60, **JUMPED}, **places)
    assert made.issue("ISS-0001").concentration is None
    assert made.issue("ISS-0001").parts == ()


def test_muted_issue_is_counted_and_on_no_part_of_page_one():
    spiking = {"count": 60, **JUMPED}
    loud = week_of(spiking, {"count": 20})
    assert loud.look_first == ("ISS-0001",)
    made = week_of(spiking, {"count": 20}, register=of_first(is_muted=True))
    assert made.look_first == made.watch == ()
    assert made.quiet_issues == ("ISS-0002",)
    assert not made.issue("ISS-0001").is_escalated
    assert made.headline == "A quiet week: no problem moved beyond chance."
    assert made.lede.endswith("one moved no more than usual and one is muted.")
    assert "Issue A" not in page_one(made)
    assert "Jumped, muted" in render_html(made)


def test_pinned_issue_has_a_row_in_a_quiet_week():
    made = week_of({"count": 20}, {"count": 21}, register=of_first(is_pinned=True))
    assert made.watch == ("ISS-0001",)
    assert "As usual, pinned" in page_one(made)


def test_what_is_watched_stands_in_one_line_with_its_count_in_every_form():
    made = week_of({"count": 4, "expected": 0.5, "is_watched": True}, {"count": 20})
    assert made.on_watch == ("ISS-0001",)
    told = "Worth watching, too few reports for an alarm: “Issue A” (4)."
    assert told in page_one(made)
    assert told in " ".join(write_letter(made).text.split())


def test_what_rose_again_says_so_and_comes_before_a_larger_excess():
    made = week_of(
        {"count": 90, **JUMPED, "is_alarm": False},
        {"count": 30, "verdict": "SPIKING", "verdict_weeks": 4, "is_escalated": True},
    )
    assert made.look_first == ("ISS-0002", "ISS-0001")
    assert "Rose again" in page_one(made)
    assert made.issue("ISS-0002").page is not None


PLACE = (WEEK, "ISS-0001", "product", "Gift card", "", None, 41, 0.1, 2.0, 39.0, 0.001, True, False)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"places": pl.DataFrame([PLACE], schema=PLACE_SCHEMA, orient="row")},
            "Billing: find what changed for product “Gift card” and mend it",
        ),
        (
            {
                "new_terms": pl.DataFrame(
                    [(WEEK, "ISS-0001", "8.2.0", 1)], schema=TERM_SCHEMA, orient="row"
                )
            },
            "Billing: find what changed with “8.2.0”, new in its texts, and mend it",
        ),
        ({}, "Billing: say what changed and stop it"),
    ],
)
def test_proposed_decision_names_who_where_and_what_waiting_costs(more, told):
    made = week_of({"count": 60, **JUMPED, "forecast_count": 48.4}, **more)
    assert made.cards[0].decision == f"{told}, or accept about 48 reports next week."
    page_one(made)
    tampered = made.model_copy(
        update={"cards": (made.cards[0].model_copy(update={"decision": "x"}),)}
    )
    html = render_html(tampered).replace("about 48 reports next", "about 49 reports next")
    assert faults(html, made)


def test_first_card_shows_a_customers_words_on_a_full_page_one():
    full = acted(tables(32, 12))
    made = build_report(full, week=WEEK, settings=settings())
    assert page_one(made).count("<q ") >= 1


def test_settled_fix_keeps_its_last_verdict_on_the_fixes_page():
    made = build_report(acted(), week=WEEK, settings=settings())
    settled = render_html(made).partition("Settled: the last verdict stands")[2]
    row = settled[: settled.index("</table>")]
    assert "Name an owner for offer wording" in row
    assert "8%" in row
    assert "Not shown" in row
    quiet = build_report(replace(acted(), settled=pl.DataFrame()), week=WEEK, settings=settings())
    assert "Settled" not in render_html(quiet)
