"""Other people's text on the page: shown as text, whatever it is; and the checker can fail."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup
from report_cases import acted
from report_tables import WEEK, settings

from models.report import IndexRow
from voc_pipeline.report import (
    ReportTables,
    build_report,
    charts,
    page,
    render_html,
    render_index,
    wording,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OVERRIDE = "\u202e"
CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><svg onload=alert(1)><title>",
    "<a href='javascript:alert(1)'>click</a>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "{{ 7 * 7 }}{% include 'page.html.j2' %}",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    f"safe {OVERRIDE}gnp.exe \u2066hidden\u2069 \u200f",
    "bell\x07 nul\x00 escape\x1b[31m delete\x7f",
    "=HYPERLINK(\"http://evil.example\")",
    "W" * 10_000,
    "many words " * 1000,
    "מחיר כפול على الفاتورة",
    "👩‍👩‍👧 café naïve ﷽",
    "tag\U000e0041\U000e0042 zero\u200bwidth\ufeff",
    "",
    "   \n\t ",
)  # fmt: skip
TAGS = {
    "a", "article", "b", "bdi", "blockquote", "body", "br", "circle", "col", "colgroup", "div",
    "figcaption",
    "figure", "footer", "h1", "h2", "h3", "head", "header", "html", "i", "li", "main", "meta",
    "p", "path", "q", "rect", "section", "span", "style", "svg", "table", "tbody", "td", "text",
    "th", "thead", "time", "title", "tr", "tspan", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "colspan", "content",
    "cx", "cy", "d", "data-name", "data-quote", "data-ref", "datetime", "dir", "dy", "height",
    "href", "http-equiv", "id", "lang", "name", "r", "role", "scope", "viewbox", "width", "x",
    "y",
}  # fmt: skip
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


class Checker(HTMLParser):
    """Collects whatever a report file must not hold."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.found.append(f"tag {tag}")
        if tag not in ("meta", "br", "col"):
            self.open.append(tag)
        for name, value in attributes:
            if name not in ATTRIBUTES:
                self.found.append(f"attribute {name}")
            if name == "href" and not re.fullmatch(
                r"#[a-z0-9-]+|\d{4}-W\d\d/report\.html", value or ""
            ):
                self.found.append(f"link {value}")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.found.append(f"end of {tag}")

    def handle_data(self, data):
        self.text.append(data)


def faults(html: str) -> list[str]:
    checker = Checker()
    checker.feed(html)
    checker.close()
    unseen = [f"character {ord(one):#x}" for one in UNSEEN.findall(html)]
    return checker.found + unseen + [f"open {tag}" for tag in checker.open]


def texts(html: str) -> str:
    checker = Checker()
    checker.feed(html)
    return "".join(checker.text)


def hostile_surveys(full: ReportTables) -> dict[str, pl.DataFrame]:
    """The surveys' names, owners, questions and scales, alike in all three tables."""
    bad = {
        "question": dict(zip(full.surveys["question"], CORPUS, strict=False)),
        "scale": dict(zip(full.surveys["scale"], CORPUS[3:], strict=False)),
        "name": dict(zip(full.surveys["name"], CORPUS[5:], strict=False)),
        "owner": dict(zip(full.surveys["owner"], CORPUS[1:], strict=False)),
    }

    def spoiled(frame: pl.DataFrame) -> pl.DataFrame:
        named = [name for name in bad if name in frame.columns]
        return frame.with_columns(*[pl.col(name).replace(bad[name]) for name in named])

    return {name: spoiled(getattr(full, name)) for name in ("scores", "drivers", "surveys")}


def hostile_report():
    full = acted()
    turn = cycle(CORPUS)

    def column(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        return frame.with_columns(
            *[pl.Series(name, [next(turn) for _ in range(frame.height)]) for name in names]
        )

    reasons = full.figures.with_columns(
        value_text=pl.when(pl.col("figure") == "reason")
        .then(pl.lit(CORPUS[0] + OVERRIDE) + pl.lit("R" * 9000))
        .otherwise("value_text")
    )
    cells = full.places.with_columns(
        cell=pl.when(pl.col("cell") == "Hale Express").then(pl.lit(CORPUS[1])).otherwise("cell")
    )
    hostile = replace(
        full,
        figures=reasons,
        issues=column(full.issues, "label"),
        quotes=column(full.quotes, "quote"),
        places=cells,
        patterns=column(full.patterns, "reason"),
        new_terms=column(full.new_terms, "term"),
        actions=column(full.actions, "decision", "owner", "changed_why"),
        previous_actions=column(full.previous_actions, "owner"),
        health=full.health.with_columns(message=pl.lit(CORPUS[2]), state=pl.lit("failed")),
        rejects=column(full.rejects, "reason", "remedy"),
        notices=column(full.notices, "cell"),
        restatements=column(full.restatements, "was_value", "is_value"),
        **hostile_surveys(full),
    )
    base = settings()
    named = base.model_copy(
        update={
            "company": base.company.model_copy(update={"name": CORPUS[0] + OVERRIDE}),
            "functions": tuple(
                one.model_copy(update={"name": text, "owner": text})
                for one, text in zip(base.functions, CORPUS, strict=False)
            ),
            "sources": tuple(
                one.model_copy(update={"name": text})
                for one, text in zip(base.sources, CORPUS[2:], strict=False)
            ),
        }
    )
    return build_report(hostile, week=WEEK, settings=named)


def test_hostile_texts_are_shown_as_text():
    html = render_html(hostile_report())
    assert faults(html) == []
    assert "<script>alert(1)</script>" in texts(html)
    assert "{{ 7 * 7 }}" in texts(html)
    assert len(html) < 1_000_000


def test_checker_finds_the_same_texts_unescaped(monkeypatch):
    made = hostile_report()
    page._environment.cache_clear()

    def careless(**said: object) -> Environment:
        return Environment(**{**said, "autoescape": False})  # noqa: S701 (the failing control)

    monkeypatch.setattr(page, "Environment", careless)
    try:
        found = faults(render_html(made))
    finally:
        page._environment.cache_clear()
    assert {"tag script", "tag img", "attribute onerror", "tag link"} <= set(found)


def test_checker_finds_an_unescaped_chart_title(monkeypatch):
    monkeypatch.setattr(charts, "escape", Markup)
    assert "attribute onload" in faults(render_html(hostile_report()))


def test_checker_finds_an_uncleaned_override(monkeypatch):
    monkeypatch.setattr(wording, "cleaned", lambda text, limit=0: text or "")
    assert "character 0x202e" in faults(render_html(hostile_report()))


@pytest.mark.parametrize("text", CORPUS)
def test_index_shows_a_hostile_headline_as_text(text):
    html = render_index([IndexRow(week_start=WEEK, headline=text, link="2026-W46/report.html")])
    assert faults(html) == []


@given(st.text(max_size=400), st.integers(20, 200))
def test_quote_shown_is_a_part_of_the_quote_and_says_where_it_was_cut(quote, limit):
    shown, is_cut_start, is_cut_end = wording.excerpt(quote, limit)
    assert shown in quote
    assert len(shown) <= limit
    assert not UNSEEN.search(shown)
    if not (is_cut_start or is_cut_end):
        assert shown == quote.strip() or not quote[quote.find(shown) + len(shown) :].strip()


def test_long_quote_ends_at_a_word():
    shown, _, is_cut_end = wording.excerpt("all work and no play " * 40, 100)
    assert is_cut_end
    assert shown.split()[-1] in ("all", "work", "and", "no", "play")


def test_quote_split_by_an_override_shows_its_longest_part():
    quote = f"short{OVERRIDE}this is the longer part"
    assert wording.excerpt(quote, 100) == ("this is the longer part", True, False)


@given(st.text(), st.integers(1, 90))
def test_cleaned_name_is_bounded_and_visible(text, limit):
    made = wording.cleaned(text, limit)
    assert len(made) <= limit + 1
    assert not UNSEEN.search(made)
    assert made == made.strip()


def test_cleaned_name_survives_megabytes():
    assert wording.cleaned("x\u202e" * 2_000_000, 50).endswith("…")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_hostile_page_runs_nothing_and_fits_a_phone(tmp_path: Path):
    from playwright.sync_api import sync_playwright

    path = tmp_path / "hostile.html"
    path.write_text(render_html(hostile_report()), encoding="utf-8")
    asked: list[str] = []
    alarmed: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 800})
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: alarmed.append(dialog.message))
        tab.goto(path.as_uri())
        wide = tab.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert asked == [path.as_uri()]
    assert alarmed == []
    assert wide == 390
