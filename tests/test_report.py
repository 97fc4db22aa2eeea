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
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from report_tables import (
    BREAKDOWN_SCHEMA,
    COVERAGE_SCHEMA,
    FIGURE_SCHEMA,
    LOAD_SCHEMA,
    WEEK,
    early,
    empty,
    figure_rows,
    health_rows,
    issue_figures,
    quiet,
    settings,
    tables,
)

from models.errors import ContractError
from models.report import IndexRow, WeeklyReport
from voc_pipeline.report import (
    ReportTables,
    build_report,
    render_html,
    render_index,
    report_json,
    wording,
)
from voc_pipeline.report.headline import Situation, conclusion

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
    body = re.sub(r"<svg.*?</svg>|<span class=\"phone\">.*?</span>", " ", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


# the conclusion


@pytest.mark.parametrize(
    ("situation", "headline", "rest"),
    [
        (Situation(100, 60, tracked=20), "A quiet week: no problem moved beyond chance.",
         "All 20 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=1), "A quiet week: no problem moved beyond chance.",
         "The one tracked issue moved no more than usual."),
        (Situation(100, 60, tracked=20, missing_sources=1),
         "No problem moved beyond chance, in the feedback that arrived.",
         "All 20 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=20, jumped=1, jumped_above=1, only_label="Charged twice"),
         "“Charged twice” has jumped above its usual range.",
         "The other 19 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=2, new=1, only_label="Frozen app"),
         "“Frozen app” is a new problem.",
         "The one other tracked issue moved no more than usual."),
        (Situation(100, 60, tracked=1, rising=1, only_label="Late"), "“Late” keeps rising.",
         "No other issue is tracked."),
        (Situation(100, 60, tracked=20, jumped=2, jumped_above=1, rising=1, new=3),
         "Two problems have jumped, one keeps rising and three are new.",
         "The other 14 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=30, jumped=12, jumped_above=12, falling=2, resolved=1, early=1),
         "12 problems have jumped above their usual range.",
         ("Of the other 18 tracked issues, 14 moved no more than usual, two are falling, one looks "
          "resolved and one is too new to judge.")),
        (Situation(100, 60, tracked=90, steady_above=2, chance_count=2.2),
         "A quiet week: no problem moved beyond chance.",
         ("All 90 tracked issues moved no more than usual. Two of them are above their range; "
          "chance alone gives about 2.")),
        (Situation(100, 3, tracked=5, early=5),
         "Too early to judge: this is week 4 of the history.",
         ("5 issues are tracked. Issues are judged after 8 weeks; until then counts have no usual "
          "range.")),
        (Situation(1, 0), "Listening has begun. No problem has been named yet.",
         "First week: 1 piece of feedback read; problems are judged from week 9."),
        (Situation(30, 12), "No problem is being tracked yet.",
         "30 pieces of feedback read this week; too few said the same thing."),
        (Situation(0, 12, tracked=5), "No feedback arrived this week.",
         ("Nothing can be said about any issue. Check the sources before reading this as good "
          "news.")),
    ],
)  # fmt: skip
def test_conclusion_follows_its_rules(situation, headline, rest):
    assert conclusion(situation) == (headline, rest)


@given(st.lists(st.integers(0, 40), min_size=7, max_size=7), st.integers(0, 3))
def test_conclusion_is_grammatical_for_any_counts(counts, missing):
    names = ("jumped", "rising", "new", "falling", "resolved", "early")
    known = dict(zip(names, counts[:6], strict=True))
    situation = Situation(
        500, 60, tracked=sum(counts), jumped_above=known["jumped"] // 2, missing_sources=missing,
        **known,
    )  # fmt: skip
    text = " ".join(conclusion(situation))
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")
    assert not re.search(r"\b(one|1) (problems|issues|are|have|keep|look)\b", text.lower())
    assert not re.search(r"\b(two|three|[2-9]|\d\d) (problem|is|has|keeps|looks)\b", text.lower())
    assert not re.search(r"\b0 ", text)
    assert "  " not in text


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
    assert made.watch == ("ISS-0001",)
    assert made.look_first == ()


def test_concentration_names_the_cell_with_the_largest_excess():
    made = usual()
    found = made.issue("ISS-0001").concentration
    assert found is not None
    assert (found.dimension, found.cell, found.is_own_share) == ("product", "Hale Express", True)
    expected = found.cell_count - found.usual_share * found.issue_count
    assert found.excess_count == pytest.approx(expected, abs=1e-3)
    assert made.issue("ISS-0004").only_source == "Store reviews"
    assert made.issue("ISS-0008").concentration is None


def test_parts_sum_to_the_change_and_name_where_it_sits():
    full = tables()
    for issue_id in usual().watch:
        issue = usual().issue(issue_id)
        rows = full.breakdown.filter(
            (pl.col("issue_id") == issue_id) & (pl.col("dimension") == issue.parts_of)
        )
        now = rows.filter(pl.col("week_start") == WEEK)["feedback_count"].sum()
        before = rows.filter(pl.col("week_start") < WEEK)["feedback_count"].sum() / 8
        assert sum(part.extra_count for part in issue.parts) == pytest.approx(
            now - before, abs=1e-4
        )
        extras = [part.extra_count for part in issue.parts if not part.is_rest]
        assert extras == sorted(extras, reverse=True)
    assert usual().issue("ISS-0001").parts[0].cell == "Hale Express"


def test_many_cells_stand_together_as_the_rest():
    rows = [(WEEK, "ISS-0001", "region", f"R{place:02d}", 40 - place) for place in range(9)]
    made = report(
        replace(tables(), breakdown=pl.DataFrame(rows, schema=BREAKDOWN_SCHEMA, orient="row"))
    )
    parts = made.issue("ISS-0001").parts
    assert [part.cell for part in parts] == ["R00", "R01", "R02", "R03", None]
    assert parts[-1].is_rest
    assert parts[-1].feedback_count == sum(range(32, 37))
    assert "All others" in render_html(made)


def test_chance_count_follows_the_measured_coverage():
    full = tables()
    judged = usual().sureness.judged_count
    measured = usual().sureness.chance_count
    nominal = report(replace(full, coverage=pl.DataFrame(schema=COVERAGE_SCHEMA))).sureness
    assert measured == pytest.approx(0.046 * judged, abs=1e-6)
    assert nominal.chance_count == pytest.approx(0.025 * judged, abs=1e-6)
    assert nominal.inside_share is None


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
    for words in ("no usable date in column called_at", "Fill called_at.", "score only", "late"):
        assert words in html


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


# the page


def words(text: str) -> list[str]:
    return [one for one in text.split() if re.search("[A-Za-z]", one)]


@pytest.mark.parametrize("state", ["ok", "silent"])
def test_page_one_is_short_and_plain(state):
    html = render_html(report(replace(tables(), health=health_rows(chat=state))))
    text = page_one(html)
    assert len(words(text)) <= 350
    assert "Every issue above its range, new or rising" in html
    for jargon in ("q-value", "p-value", "FDR", "exceedance", "null", "None", "nan", "SPIKING"):
        assert jargon not in text


def test_simulated_company_wears_its_badge():
    assert "Week 46 · 9\N{EN DASH}15 November 2026" in usual_html()
    assert "Simulated company" in usual_html()
    assert "Simulated company" not in render_html(report(tables(), is_simulated=False))


def test_many_movements_leave_page_one_to_a_page_of_their_own():
    html = render_html(report(tables(32, 12)))
    assert "Every issue above its range" not in page_one(html)
    assert "10 issues are above range, new or rising" in page_one(html)
    assert html.count('<article class="card') == 3


def test_function_without_owner_says_so():
    html = usual_html()
    assert "no owner named" in html
    assert "No function yet" in html


class _Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))


@pytest.mark.parametrize("given_tables", [tables(), early(1), early(3), empty(), quiet(tables())])
def test_file_is_self_contained_and_links_stay_inside(given_tables):
    html = render_html(report(given_tables))
    outline = _Outline()
    outline.feed(html)
    tags = {tag for tag, _ in outline.seen}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert "default-src 'none'" in html
    assert not re.search(r"https?:|url\(|@import", html)
    targets = {values["id"] for _, values in outline.seen if "id" in values}
    links = {values["href"] for tag, values in outline.seen if tag == "a"}
    assert all(link and link.startswith("#") and link[1:] in targets for link in links)
    assert sum(tag == "h1" for tag, _ in outline.seen) == 1


def test_every_status_has_a_word_and_a_glyph():
    html = usual_html()
    for shown in re.findall(r'<span class="status[^"]*">(.*?)</span>', html):
        words = re.sub(r"<i[^>]*>(.*?)</i>", r"\1", shown).split(maxsplit=1)
        assert len(words) == 2, shown


@pytest.mark.parametrize("theme", [0, 1])
def test_text_stands_out_from_its_ground(theme):
    themes = re.findall(r":root\{(.*?)\}", STYLE.read_text(encoding="utf-8"))
    colours = dict(pair.split(":") for pair in themes[theme].split(";"))

    def light(name: str) -> float:
        text = colours["--" + name][1:]
        text = "".join(one * 2 for one in text) if len(text) == 3 else text
        parts = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [
            one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for ground in ("paper", "card"):
        for ink in ("ink", "mute", "bad", "warn", "good", "blue"):
            high, low = sorted((light(ink), light(ground)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
    for mark in ("blue", "bad", "ink"):  # graphics need 3:1, also on the band
        high, low = sorted((light(mark), light("band")), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3, mark


def test_index_lists_all_weeks_latest_first():
    rows = [
        IndexRow(week_start=WEEK - timedelta(weeks=back), headline=f"Week <{back}>",
                 link=f"2026-W{46 - back}/report.html")
        for back in (2, 0, 1)
    ]  # fmt: skip
    html = render_index(rows)
    assert html.index("2026-W46") < html.index("2026-W45") < html.index("2026-W44")
    assert "Week &lt;0&gt;" in html
    assert "2\N{EN DASH}8 November 2026" in html
    assert "No report yet" in render_index([])


@pytest.mark.parametrize(
    "link", ["https://x.example/a.html", "../a.html", "javascript:a.html", "a"]
)
def test_index_refuses_a_link_that_leads_away(link):
    with pytest.raises(ValidationError):
        IndexRow(week_start=WEEK, headline="x", link=link)


# numbers and dates


def test_dates_say_month_and_year_once():
    assert wording.week_days(date(2026, 11, 9)) == "9\N{EN DASH}15 November 2026"
    assert wording.week_days(date(2026, 9, 28)) == "28 September \N{EN DASH} 4 October 2026"
    assert wording.week_days(date(2025, 12, 29)) == "29 December 2025 \N{EN DASH} 4 January 2026"


@given(st.floats(0, 500), st.floats(0, 500), st.integers(0, 1000))
def test_range_shown_holds_exactly_the_counts_inside(first, second, count):
    lower, upper = sorted((first, second))
    low, high = (
        int(end.replace(",", "")) for end in wording.span(lower, upper).split(wording.DASH)
    )
    assert (count > high) == (count > upper)
    assert low <= high


def test_numbers_are_grouped_and_signed():
    assert wording.grouped(1234567) == "1,234,567"
    assert wording.grouped(-3) == wording.MINUS + "3"
    assert wording.percent(0.3914) == "39.1%"
    assert wording.times(2.44) == "2.4" + wording.TIMES


# in a browser


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_browser_asks_for_nothing_and_phone_needs_no_sideways_scroll(tmp_path):
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(usual_html(), encoding="utf-8")
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        beyond = page.evaluate(
            "[...document.querySelectorAll('body *:not(.skip)')]"
            ".filter(e => e.getBoundingClientRect().right > 391).length"
        )
        browser.close()
    assert asked == [path.as_uri()]
    assert complaints == []
    assert wide == 390
    assert beyond == 0
