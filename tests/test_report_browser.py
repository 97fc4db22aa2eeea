"""The page in a real browser: one sheet, no request, no violation of axe, readable on a phone."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from report_cases import acted, early, quiet
from report_tables import WEEK, empty, health_rows, settings, tables
from test_report_hostile import hostile_report

from voc_pipeline.report import build_report, render_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
WEEKS = {
    "acted": acted,
    "acted, dead sources": lambda: replace(
        acted(), health=health_rows(chat="silent", survey="failed", phone="surge")
    ),
    "many": lambda: acted(tables(32, 12)),
    "quiet": lambda: quiet(tables()),
    "too early": lambda: early(3),
    "empty": empty,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def written(name: str, folder: Path) -> Path:
    if name == "hostile":
        report = hostile_report()
    else:
        report = build_report(WEEKS[name](), week=WEEK, settings=settings())
    path = folder / "report.html"
    path.write_text(render_html(report), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [*WEEKS, "hostile"])
def test_page_one_is_one_sheet_and_the_file_asks_for_nothing(name, browser, tmp_path):
    path = written(name, tmp_path)
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    wide = tab.evaluate("document.documentElement.scrollWidth")
    sheets = PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True))).pages
    tab.close()
    assert asked == [path.as_uri()]
    assert wide == 390
    words = " ".join((sheets[0].extract_text() or "").split())
    assert "How sure?" in words
    assert "How sure?" not in (sheets[1].extract_text() or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["acted", "quiet"])
def test_axe_finds_no_violation(name, scheme, browser, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    tab = browser.new_page(color_scheme=scheme)
    tab.goto(written(name, tmp_path).as_uri())
    found = Axe().run(tab).response["violations"]
    tab.close()
    told = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
    assert told == []


def test_axe_finds_what_is_wrong(browser, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    path = written("quiet", tmp_path)
    spoiled = path.read_text(encoding="utf-8").replace('<html lang="en">', "<html>")
    path.write_text(spoiled.replace("--mute:#4d5966", "--mute:#c9c9c9"), encoding="utf-8")
    tab = browser.new_page(color_scheme="light")
    tab.goto(path.as_uri())
    found = {one["id"] for one in Axe().run(tab).response["violations"]}
    tab.close()
    assert {"html-has-lang", "color-contrast"} <= found
