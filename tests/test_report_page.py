import re
import shutil
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pydantic import ValidationError
from report_cases import early, quiet
from report_tables import WEEK, empty, health_rows, settings, tables

from models.report import IndexRow, WeeklyReport
from voc_pipeline.report import (
    ReportTables,
    build_report,
    render_html,
    render_index,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
STYLE = Path(__file__).parents[1] / "voc_pipeline" / "report" / "style.css.html.j2"


def report(given_tables: ReportTables, **company: object) -> WeeklyReport:
    return build_report(given_tables, week=WEEK, settings=settings(**company))


@cache
def usual_html() -> str:
    return render_html(report(tables()))


def page_one(html: str) -> str:
    """The words of page one that stand outside charts and that a wide page shows."""
    body = html[html.index("<main") : html.index("</section>")]
    body = re.sub(r"<svg.*?</svg>|<span class=\"phone\".*?</span>", " ", body, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


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
    assert ">Simulated<" in usual_html()
    assert ">Simulated<" not in render_html(report(tables(), is_simulated=False))


def test_many_movements_leave_what_fits_on_page_one():
    html = render_html(report(tables(32, 12)))
    assert html.count('<article class="card') == 3
    first = page_one(html)
    assert "Every issue above its range, new or rising" in first
    assert re.search(r"and \w+ more on the scoreboard", first)
    assert len(words(first)) <= 350


def test_function_without_owner_says_so():
    html = usual_html()
    assert "✕ no owner" in html
    assert "No function yet" in html
    assert "assign these" in html


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
