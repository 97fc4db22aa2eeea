"""A curation session on a home that ran: decided by command, seen in the tables, undone."""

import re
import shutil

import duckdb
import polars as pl
import pytest
from conftest import WEEKS
from homes import published_tables, run, week
from typer.testing import CliRunner

from assets.command_line import app
from assets.curation_file import check_decisions
from assets.home import Home
from models.curation import CURATION_FILE, parse_decisions
from models.errors import ConfigurationError
from models.glossary import read_glossary

VOC = CliRunner()
CORRECTED = "SELECT * EXCLUDE (reason) FROM restatements ORDER BY ALL"


def voc(*arguments):
    done = VOC.invoke(app, ["issue", *(str(one) for one in arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def home(finished, tmp_path) -> Home:
    shutil.copytree(finished.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


def table(home: Home, sql: str) -> pl.DataFrame:
    with duckdb.connect(str(home.path / "voc.duckdb"), read_only=True) as analyst:
        return analyst.sql(sql).pl()


def totals(home: Home) -> dict[str, int]:
    rows = table(home, "SELECT issue_id, count(*) AS n FROM mentions GROUP BY ALL ORDER BY ALL")
    return dict(rows.iter_rows())


def decide(home: Home, *arguments):
    return voc(*arguments, "--by", "ana", "--why", "seen in the quotes", "--home", home.path)


def test_decisions_change_current_tables_and_an_undone_one_leaves_nothing(home):
    before, counted = published_tables(home), totals(home)
    corrected = table(home, CORRECTED)
    largest = sorted(counted, key=lambda one: (-counted[one], one))
    kept, gone, cut, named = largest[:4]
    words = table(home, f"SELECT terms FROM issues WHERE issue_id = '{cut}'")["terms"][0]  # noqa: S608
    decide(home, "merge", gone, kept)
    said = decide(home, "split", cut, "--name", "A part", "--words", words[0])
    part = re.search(r"It makes (\S+)\.", said)[1]
    decide(home, "rename", named, "Said plainly")
    decide(home, "rename", named, "Said more plainly")
    decide(home, "assign", named, "sales")
    decide(home, "move", named, "offers")
    decide(home, "mute", kept)
    decide(home, "pin", cut)
    run(home, WEEKS, WEEKS)

    after = totals(home)
    assert after[kept] == counted[kept] + counted[gone]
    assert gone not in after
    assert 0 < after[part] < counted[cut]
    assert after[part] + after.get(cut, 0) == counted[cut]
    assert sum(after.values()) == sum(counted.values())
    issues = {row["issue_id"]: row for row in table(home, "SELECT * FROM issues").to_dicts()}
    assert issues[gone]["state"] == "merged"
    assert issues[gone]["merged_into"] == kept
    assert issues[kept]["is_muted"]
    assert issues[cut]["is_pinned"]
    assert issues[part]["label"] == "A part"
    assert issues[part]["member_count"] == after[part]
    assert (issues[named]["label"], issues[named]["function"]) == ("Said more plainly", "sales")
    assert issues[named]["theme"] == "Offers and loyalty"
    weekly = table(home, "SELECT DISTINCT issue_id FROM issue_weekly")["issue_id"].to_list()
    assert part in weekly
    assert gone not in weekly
    quotes = table(home, "SELECT issue_id, segment_id FROM issue_quotes")
    mine = quotes.filter(pl.col("issue_id").is_in([kept, gone, cut, part]))
    assert mine.height >= 5
    mentions = table(home, "SELECT issue_id, segment_id FROM mentions")
    assert mine.join(mentions, on=["issue_id", "segment_id"], how="anti").is_empty()
    restated = table(home, "SELECT reason, issue_id FROM restatements")
    assert set(restated["reason"]) >= {"decision"}
    assert {part, gone, kept} <= set(restated.filter(pl.col("reason") == "decision")["issue_id"])
    _what_was_published_stays(home, before)
    shown = voc("list", "--home", home.path)
    assert "Said more plainly" in shown
    assert "muted" in shown
    assert "A part" in voc("show", part, "--home", home.path)
    _undone_it_leaves_nothing(home, before)
    assert table(home, CORRECTED).equals(corrected)


def _what_was_published_stays(home: Home, before: dict[str, str]):
    figures = {name for name in before if "published_figures" in name or "reports" in name}
    again = published_tables(home)
    assert {name: again[name] for name in figures} == {name: before[name] for name in figures}
    run(home, WEEKS, WEEKS)
    assert published_tables(home) == again


def _undone_it_leaves_nothing(home: Home, before: dict[str, str]):
    for one in parse_decisions((home.path / CURATION_FILE).read_text())[::-1]:
        voc("undo", one.decision.id, "--home", home.path)
    run(home, WEEKS, WEEKS)
    restored = published_tables(home)
    changed = {name for name in before if before[name] != restored[name]}
    assert changed <= {"main.decisions", "main.restatements"}
    assert not table(home, "SELECT * FROM decisions WHERE is_in_force").height
    assert table(home, "SELECT * FROM decisions").height == 7


def test_the_file_keeps_its_comments_and_ids_are_never_given_again(home):
    path = home.path / CURATION_FILE
    path.write_text(
        "# ours\ndecisions = [\n  # spring\n"
        '  { id = "D-0007", do = "pin", issue = "ISS-0001", by = "a", on = 2026-01-05, why = "x" }'
        "  # kept }\n]\n# end\n"
    )
    decide(home, "mute", "ISS-0002")
    text = path.read_text()
    assert "# ours" in text
    assert 'why = "x" },  # kept }' in text
    assert text.rstrip().endswith("# end")
    assert [one.decision.id for one in parse_decisions(text)] == ["D-0007", "D-0008"]
    assert "mute ISS-0002" in voc("list", "--decisions", "--home", home.path)
    voc("undo", "D-0007", "--home", home.path)
    assert "# kept" not in path.read_text()
    assert "# spring" in path.read_text()


def test_what_a_run_would_refuse_is_not_written(home):
    decide(home, "mute", "ISS-0001")
    text = (home.path / CURATION_FILE).read_text()
    for wrong in (
        ("mute", "ISS-9999"),
        ("pin", "ISS-0001"),
        ("merge", "ISS-0001", "ISS-0001"),
        ("assign", "ISS-0001", "nobody"),
        ("move", "ISS-0001", "nowhere"),
        ("split", "ISS-0001", "--name", "x"),
        ("rename", "ISS-0001", "two\nlines"),
    ):
        with pytest.raises(ConfigurationError):
            decide(home, *wrong)
    with pytest.raises(ConfigurationError, match="no decision D-0099"):
        voc("undo", "D-0099", "--home", home.path)
    assert (home.path / CURATION_FILE).read_text() == text


def test_a_run_names_the_line_of_a_decision_it_cannot_follow(home):
    from assets.launch import run_weeks

    line = (
        '{ id = "D-0001", do = "mute", issue = "ISS-9999", by = "a", on = 2026-01-05, why = "x" }'
    )
    (home.path / CURATION_FILE).write_text(f"decisions = [\n  {line},\n]\n")
    outcome = run_weeks(home, [week(WEEKS)])
    assert not outcome.succeeded
    assert any("line 2: D-0001: ISS-9999" in line for line in outcome.failures)


def test_a_decision_about_an_unknown_issue_is_refused_before_a_line_is_written(home):
    file = home.path / CURATION_FILE
    before = file.read_text() if file.exists() else None
    known = next(iter(totals(home)))
    for told in (["mute", "ISS-9999"], ["merge", known, "ISS-9999"]):
        said = VOC.invoke(app, ["issue", *told, "--why", "x", "--home", str(home.path)]).exception
        assert "there is no issue 'ISS-9999': `voc issue list --all`" in str(said)
    assert (file.read_text() if file.exists() else None) == before


def test_check_reads_decisions_and_glossary_and_names_the_line(home):
    def check() -> str:
        done = VOC.invoke(app, ["check", "--home", str(home.path)])
        return f"{done.output}{done.exception or ''}"

    known = next(iter(totals(home)))
    row = '{{ id = "D-000{}", do = "mute", issue = "{}", by = "a", on = 2025-11-03, why = "b" }},'
    file = home.path / CURATION_FILE

    def write(*rows: str) -> None:
        file.write_text("\n".join(["decisions = [", *rows, "]", ""]), encoding="utf-8")

    write(row.format(1, known))
    assert "Decisions of people in order: 1" in check()
    write(row.format(1, known), row.format(2, "ISS-9999"))
    assert "line 3: D-0002: ISS-9999 is not in the register" in check()
    for text in (f"decisions = [\n{row.format(1, known)}\n{row.format(1, known)}\n]", "nonsense,"):
        with pytest.raises(ConfigurationError, match=r"line 3|line 1"):
            check_decisions(home, text)
    file.unlink()
    glossary = home.path / "glossary.toml"
    said = glossary.read_text(encoding="utf-8")
    glossary.write_text(said.replace('function = "', 'function = "no_', 1), encoding="utf-8")
    line = next(at for at, one in enumerate(said.splitlines(), 1) if one.startswith("function"))
    assert f"glossary.toml line {line}: theme" in check()
    glossary.write_text(said.replace("seeds = [", "seads = [", 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"glossary\.toml line \d+: themes\.0\.se"):
        read_glossary(home.path)
