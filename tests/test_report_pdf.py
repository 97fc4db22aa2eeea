"""The printed report: the HTML's figures, accessible, the same bytes, whatever customers wrote."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
import typst
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject
from report_cases import acted, early, quiet
from report_tables import WEEK, empty, health_rows, settings, tables
from test_report_hostile import hostile_report

from models.report import WeeklyReport
from voc_pipeline.report import (
    build_report,
    glyphs,
    pdf,
    phrases,
    render_html,
    render_pdf,
    report_json,
)
from voc_pipeline.report.blocks import as_json
from voc_pipeline.report.outline import outline

FIGURE = re.compile(r"[+\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?%?")


@cache
def usual() -> WeeklyReport:
    return report(tables())


def report(given_tables, **company):
    return build_report(given_tables, week=WEEK, settings=settings(**company))


@cache
def usual_pdf() -> bytes:
    return render_pdf(usual())


def words(page) -> str:
    return page.extract_text().replace("\u200b", "")


def tagged(made: bytes) -> list[DictionaryObject]:
    """Every element of the structure tree."""
    found: list[DictionaryObject] = []
    waiting = [PdfReader(BytesIO(made)).trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        one = waiting.pop()
        one = one.get_object() if isinstance(one, IndirectObject) else one
        if isinstance(one, ArrayObject):
            waiting += list(one)
        elif isinstance(one, DictionaryObject):
            if "/S" in one:
                found.append(one)
            if "/K" in one:
                waiting.append(one["/K"])
    return found


def kinds(made: bytes) -> list[str]:
    return [str(one["/S"])[1:] for one in tagged(made)]


def figures(text: str) -> Counter[str]:
    """Every number of a text, and how often; records' and issues' own numbers aside."""
    text = text.replace("\u200b", "")
    text = re.sub(r"record \s*[0-9a-f]{8,}|ISS-\d+|\bACT-\w+", " ", text)
    return Counter(FIGURE.findall(text))


def of_the_page(value: WeeklyReport) -> Counter[str]:
    """The figures that the HTML shows outside its charts, on a wide screen."""
    html = render_html(value)
    body = html[html.index("<main") : html.index("</main>")]
    body = re.sub(r"<svg.*?</svg>|<span class=\"phone\".*?</span>", " ", body, flags=re.DOTALL)
    body = re.sub(r"</?(?:p|li|td|th|div|h\d|br|b|footer|figcaption)\b[^>]*>", " ", body)
    return figures(unescape(re.sub(r"<[^>]+>", "", body)))


def of_the_blocks(value: WeeklyReport) -> Counter[str]:
    """The figures of the blocks that the PDF is set from, but for those of the masthead."""
    first, *others = as_json(outline(value))["pages"]
    return figures(" ".join(texts_of([first[1:], others])))


def texts_of(block: object) -> list[str]:
    """The texts of a block, in order; no drawing, no name of a style."""
    hidden = {"kind", "chart", "anchor", "style", "tone", "role", "look", "spoken"}
    if isinstance(block, str):
        return [block]
    if isinstance(block, list | tuple):
        return [text for one in block for text in texts_of(one)]
    if isinstance(block, dict):
        return [t for name, one in block.items() if name not in hidden for t in texts_of(one)]
    return []


WEEKS = {
    "usual": usual,
    "quiet": lambda: report(quiet(tables())),
    "dead source": lambda: report(replace(tables(), health=health_rows(chat="silent"))),
    "first week": lambda: report(early(1)),
    "too early": lambda: report(early(3)),
    "empty": lambda: report(empty()),
    "many movements": lambda: report(tables(32, 12)),
    "acted": lambda: report(acted()),
}


@pytest.mark.parametrize("name", WEEKS)
def test_every_kind_of_week_is_printed_tagged_with_page_one_on_one_page(name):
    value = WEEKS[name]()
    made = render_pdf(value)
    reader = PdfReader(BytesIO(made))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert "pdfuaid:part" in root["/Metadata"].get_object().get_data().decode()
    assert reader.metadata.title.endswith("2026-W46")
    assert "/CreationDate" not in reader.metadata
    found = kinds(made)
    assert found.count("H1") == 1
    assert found.count("Table") == render_html(value).count("<table")
    assert "How sure?" in words(reader.pages[0])
    assert "How sure?" not in words(reader.pages[1])


def test_every_picture_says_in_words_what_it_shows():
    pictures = [one for one in tagged(usual_pdf()) if one["/S"] == "/Figure"]
    assert len(pictures) == render_html(usual()).count("<svg")
    assert all(str(one["/Alt"]).strip() for one in pictures)
    assert any("Charged twice for one order: 214 now" in str(one["/Alt"])
               for one in pictures)  # fmt: skip


def test_a_picture_without_words_is_refused():
    source = b'#set document(title: "x")\n#image(bytes("<svg xmlns=\'http://www.w3.org/2000/svg\' '
    source += b"width='9' height='9'/>\"), format: \"svg\")"
    with pytest.raises(typst.TypstError, match="alt"):
        pdf._compiler().compile(source, format="pdf", pdf_standards="ua-1")


def test_two_builds_give_the_same_bytes_under_another_hash_seed():
    code = (
        "import sys\n"
        "from models.report import WeeklyReport\n"
        "from voc_pipeline.report import render_pdf\n"
        "value = WeeklyReport.model_validate_json(sys.stdin.buffer.read())\n"
        "sys.stdout.buffer.write(render_pdf(value))"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=Path.cwd(),
        input=report_json(usual()).encode(), env={**os.environ, "PYTHONHASHSEED": "271"},
    ).stdout  # fmt: skip
    assert again == usual_pdf()


def test_hostile_texts_are_printed_as_text():
    made = render_pdf(hostile_report())
    text = "".join(words(page) for page in PdfReader(BytesIO(made)).pages).replace("\n", "")
    assert "<script>alert(1)</script>" in text.replace(" ", "")
    assert "{{7*7}}" in text.replace(" ", "")
    assert len(made) < 2_000_000
    raw = repr(PdfReader(BytesIO(made)).trailer["/Root"])
    assert not any(name in raw for name in ("/JavaScript", "/OpenAction", "/AA", "/URI"))
    assert faults(made) == []


def faults(made: bytes) -> list[str]:
    """Whatever a printed report must not do: run, lead away, hide or reorder."""
    reader = PdfReader(BytesIO(made))
    found = []
    for page in reader.pages:
        for link in page.get("/Annots", ()):
            action = link.get_object().get("/A", {})
            if "/URI" in action or action.get("/S") not in (None, "/GoTo"):
                found.append(f"link {action}")
        found += [f"character {ord(one):#x}" for one in words(page) if one in "\u202e\u2066\x07"]
    return found


def test_the_same_texts_pasted_into_the_source_would_run():
    careless = 'Customers say: #link("https://evil.example")[click] #read("/etc/hostname")'
    wrapped = f'#set document(title: "x")\n#set text(font: "Source Sans Pro")\n{careless}'
    with pytest.raises(typst.TypstError, match=r"etc|access|root"):
        pdf._compiler().compile(wrapped.encode(), format="pdf", pdf_standards="ua-1")
    linked = wrapped.partition("#read")[0].encode()
    made = pdf._compiler().compile(linked, format="pdf", pdf_standards="ua-1")
    assert any("evil.example" in one for one in faults(made))


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_no_text_whatever_stops_the_print(text):
    source = b'#set document(title: "x")\n#set text(font: "Source Sans Pro", fallback: false)\n'
    shown = glyphs.showable(text, pdf._missing())
    pdf._compiler().compile(
        source + b"#sys.inputs.text", format="pdf", pdf_standards="ua-1",
        sys_inputs={"text": shown},
    )  # fmt: skip


def test_what_the_font_lacks_is_seen_to_be_missing():
    missing = pdf._missing()
    assert glyphs.showable("nice 👩\u200d👩\u200d👧 café", missing) == "nice [?] café"
    assert glyphs.showable("日本語 Ж Ω é\u0301", missing) == "[?] Ж Ω é\u0301"
    assert glyphs.showable("W" * 50, missing).split("\u200b") == ["W" * 24, "W" * 24, "WW"]


@pytest.mark.parametrize("name", ["acted", "quiet", "dead source", "first week", "too early"])
def test_the_print_shows_the_figures_of_the_page_no_more_and_no_less(name):
    value = WEEKS[name]()
    assert of_the_blocks(value) == of_the_page(value)


def test_every_figure_of_the_page_can_be_read_in_the_file():
    printed = figures(" ".join(words(page) for page in PdfReader(BytesIO(usual_pdf())).pages))
    missing = of_the_page(usual()) - printed
    assert not missing


def test_a_figure_changed_on_one_form_alone_is_found():
    issue = usual().issues[0]
    other = issue.model_copy(update={"feedback_count": issue.feedback_count + 1})
    changed = usual().model_copy(update={"issues": (other, *usual().issues[1:])})
    assert of_the_blocks(changed) != of_the_page(usual())
    assert of_the_blocks(changed) == of_the_page(changed)


def test_two_hundred_issues_take_at_most_two_megabytes_and_one_on_screen():
    value = report(tables(200, 104, 8))
    assert len(render_pdf(value)) <= 2_000_000
    assert len(render_html(value).encode()) <= 1_000_000


def test_every_sign_of_a_verdict_is_in_the_font():
    signs = [one.glyph for one in (*phrases._STATUS.values(), *phrases._OUTCOMES.values())]
    assert len(signs) > 8
    assert not [one for one in signs if glyphs.UNSHOWN in glyphs.showable(one, pdf._missing())]
