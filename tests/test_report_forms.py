"""Letter, chat message and workbook: the figures of the page, and other people's text as text."""

import re
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO

import pytest
from jinja2 import Environment
from openpyxl import load_workbook
from report_cases import acted, early, quiet
from report_tables import WEEK, empty, settings, tables
from test_report_hostile import CORPUS, UNSEEN, Checker, hostile_report

from connectors.webhook import message, safe_line
from models.report import WeeklyReport
from voc_pipeline.report import (
    build_report,
    mail,
    render_workbook,
    workbook,
    write_chat,
    write_letter,
)
from voc_pipeline.report.blocks import Cards, Table
from voc_pipeline.report.outline_one import page_one

TAGS = {
    "body", "br", "div", "h1", "h2", "head", "html", "li", "meta", "p", "span", "table", "tbody",
    "td", "th", "title", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "align", "cellpadding", "cellspacing", "charset", "class", "content", "lang", "name", "role",
    "scope", "style", "width",
}  # fmt: skip
CALLS = re.compile(r"[<>@*_`~\[\]]|://|www\.|javascript:", re.IGNORECASE)


def report(given) -> WeeklyReport:
    return build_report(given, week=WEEK, settings=settings())


@cache
def usual() -> WeeklyReport:
    return report(tables())


@cache
def hostile() -> WeeklyReport:
    return hostile_report()


def faults(html: str) -> list[str]:
    """Whatever a letter must not hold: scripts, links, pictures, style sheets, hidden signs."""

    class Letters(Checker):
        def handle_starttag(self, tag, attributes):
            found = {name for name, _ in attributes}
            self.found += [f"tag {tag}"] if tag not in TAGS else []
            self.found += [f"attribute {name}" for name in sorted(found - ATTRIBUTES)]
            self.found += [
                f"style {value}" for name, value in attributes
                if name == "style" and re.search(r"url\(|expression|var\(|@", value or "")
            ]  # fmt: skip

        def handle_endtag(self, tag):
            pass

    checker = Letters()
    checker.feed(html)
    return checker.found + [f"character {ord(one):#x}" for one in UNSEEN.findall(html)]


def sheets(made: bytes) -> dict[str, list[tuple]]:
    book = load_workbook(BytesIO(made))
    return {one.title: list(one.iter_rows(values_only=True)) for one in book.worksheets}


# ------------------------------------------------------------------------------------ letter


def test_a_letter_is_page_one_in_literal_colours_without_anything_to_load():
    letter = write_letter(usual())
    assert letter.subject.startswith("2026-W46: Two problems have jumped above their usual range")
    assert faults(letter.html) == []
    assert "<style" not in letter.html
    assert "class=" not in re.sub(r'class="[\w -]*"', "", letter.html)
    assert "#a8201a" in letter.html
    assert "How far to trust" not in letter.html
    assert write_letter(usual()) == letter


@pytest.mark.parametrize("given", [tables(), quiet(tables()), early(1), empty()])
def test_every_figure_of_page_one_stands_in_both_forms_of_the_letter(given):
    value = report(given)
    letter = write_letter(value)
    html = re.sub(r"<[^>]+>", " ", letter.html)
    plain = " ".join(letter.text.split())
    for block in page_one(value):
        said = []
        if isinstance(block, Cards):
            said = [card.count for card in block.cards]
        elif isinstance(block, Table):
            said = [
                cell.spoken or "".join(run.text for run in cell.runs)
                for row in block.rows for cell in row.cells
            ]  # fmt: skip
        for text in said:
            assert text in html.replace("&amp;", "&")
            assert " ".join(text.split()) in plain


def test_hostile_texts_are_shown_as_text_in_a_letter():
    letter = write_letter(hostile(), ("billing", "digital"))
    assert faults(letter.html) == []
    assert "&lt;script&gt;" in letter.html
    assert "\n" not in letter.subject
    assert len(letter.subject) <= mail.SUBJECT_LIMIT + 1
    assert not UNSEEN.search(letter.subject + letter.text)
    assert len(letter.html) < 400_000


def test_the_check_finds_the_same_texts_unescaped(monkeypatch):
    mail._environment.cache_clear()

    def careless(**said: object) -> Environment:
        return Environment(**{**said, "autoescape": False})  # noqa: S701 (the failing control)

    monkeypatch.setattr(mail, "Environment", careless)
    try:
        found = faults(write_letter(hostile(), ("billing", "digital")).html)
    finally:
        mail._environment.cache_clear()
    assert {"tag script", "tag img", "attribute onerror"} <= set(found)


# -------------------------------------------------------------------------------------- chat


def test_a_chat_message_is_short_and_says_what_to_decide():
    said = message(write_chat(usual()))["text"]
    assert "Two problems have jumped above their usual range" in said
    assert "Decide:" in said
    assert len(said.split()) < 250


def test_hostile_texts_call_nobody_and_lead_nowhere_in_a_chat():
    said = str(message(write_chat(hostile()))["text"])
    assert not CALLS.search(said)
    assert not UNSEEN.search(said)
    assert all(not CALLS.search(safe_line(one)) for one in CORPUS)
    assert CALLS.search("\n".join(write_chat(hostile())))  # the failing control


# ---------------------------------------------------------------------------------- workbook


def test_the_workbook_has_every_figure_as_a_number_under_words():
    found = sheets(render_workbook(usual()))
    assert list(found) == [
        "Issues of the week", "Series", "Functions", "Sources", "Data notices",
        "Restatements",
    ]  # fmt: skip
    heads, *rows = found["Issues of the week"][1:]
    assert heads[:5] == ("Issue", "Number", "Function", "Status", "Reports this week")
    assert not any("_" in head for lines in found.values() for head in lines[1])
    by_id = {row[1]: dict(zip(heads, row, strict=True)) for row in rows}
    assert set(by_id) == {one.issue_id for one in usual().issues}
    for one in usual().issues:
        row = by_id[one.issue_id]
        assert row["Reports this week"] == one.feedback_count
        assert row["Usual range to"] == pytest.approx(one.upper_bound)
        assert row["Times expected"] == pytest.approx(one.rate_ratio)
    weeks, *series = found["Series"][1:]
    assert weeks[3:] == tuple(
        f"{WEEK - timedelta(weeks=back):%Y-%m-%d}" for back in range(51, -1, -1)
    )
    shown = {(row[1], row[2]): row[3:] for row in series}
    for one in usual().issues:
        assert shown[one.issue_id, "Reports"] == one.series.values
        assert shown.get((one.issue_id, "Usual range to"), (None,) * 52) == one.series.upper


def test_survey_scores_have_their_sheets_and_a_line_in_the_letter():
    value = report(acted())
    found = sheets(render_workbook(value))
    assert [len(found[one]) - 2 for one in ("Scores", "Drivers", "Surveys")] == [3 * 52, 4, 3]
    week, score = datetime(2026, 11, 9), {row[1]: row for row in found["Scores"][2:]}
    assert {row[2] for row in score.values()} == {week}
    assert score["NPS"][3:] == (-21.4, -30.4, -12.4)
    letter = write_letter(value)
    plain = " ".join(letter.text.split()).replace("\N{MINUS SIGN}", "-")
    assert "Survey NPS -21 (-30 to -12), lower than usual" in plain
    assert "-21 (-30 to -12)" in letter.html.replace("\N{MINUS SIGN}", "-")


def test_the_workbook_is_the_same_bytes_and_dated_by_the_report():
    made = render_workbook(usual())
    assert made == render_workbook(usual())
    book = load_workbook(BytesIO(made))
    assert book.properties.created == usual().as_of
    assert all(sheet.freeze_panes for sheet in book.worksheets)
    assert all(sheet.auto_filter.ref for sheet in book.worksheets)


@pytest.mark.parametrize("given", [quiet(tables()), early(1), empty()])
def test_a_week_with_little_still_has_all_sheets(given):
    assert len(sheets(render_workbook(report(given)))) == 6


def test_hostile_texts_stay_texts_in_the_workbook():
    assert runs_in(render_workbook(hostile())) == []
    texts = [
        value
        for lines in sheets(render_workbook(hostile())).values()
        for row in lines
        for value in row
        if isinstance(value, str)
    ]
    assert any(text.startswith("=HYPERLINK") for text in texts)
    assert any("<script>" in text for text in texts)


def runs_in(made: bytes) -> list[str]:
    """Formulas and links of a workbook."""
    book = load_workbook(BytesIO(made))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    return [
        f"{cell.coordinate} {cell.data_type}"
        for cell in cells
        if cell.data_type == "f" or cell.hyperlink is not None
    ]


def test_the_check_finds_the_same_texts_written_carelessly(monkeypatch):
    def careless(page_, place, value, look):
        if value is not None:
            page_.write(*place, value, look)

    monkeypatch.setattr(workbook, "_put", careless)
    monkeypatch.setattr(workbook, "OPTIONS", {"in_memory": True})
    assert any(one.endswith(" f") for one in runs_in(render_workbook(hostile())))
