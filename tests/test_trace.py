"""voc trace: a published figure leads to its records, and the records make the figure."""

import json
import shutil
from pathlib import Path

import pytest
from homes import made_once, run, week
from typer.testing import CliRunner

from assets.actions import actions
from assets.checks import misprinted
from assets.command_line import app
from assets.home import Home
from assets.stage import WeekRun
from models.action import FixVerdict, FixWeek
from models.errors import ConfigurationError
from models.trend import PublishedFigure, Restatement
from models.week import week_label
from voc_pipeline.warehouse.trace import OF_ISSUE, OF_WEEK, trace_figure

VOC = CliRunner()


def voc(*arguments):
    done = VOC.invoke(app, [str(one) for one in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_records_of_a_past_week_make_every_figure_counted_from_them(finished):
    with finished.warehouse() as warehouse:
        published = warehouse.rows(PublishedFigure, "week_start = ?", week(5))
        rows = [
            row
            for row in published.to_dicts()
            if row["figure"] in (OF_ISSUE if row["issue_id"] else OF_WEEK)
        ]
        seen = 0
        for row in [*rows[:9], *rows[9::4]]:
            found = trace_figure(warehouse, row["week_start"], row["issue_id"], row["figure"])
            assert found.records_then == pytest.approx(row["value"])
            known = [one for one in found.records if one.state != "added since"]
            if row["figure"] != "negative_share":
                assert sum(one.is_counted for one in known) == row["value"]
            seen += 1
    assert seen > 12


def test_what_came_late_is_listed_apart_and_restated(finished):
    with finished.warehouse() as warehouse:
        late = warehouse.rows(
            Restatement, "figure = 'feedback_count' AND reason = 'late'"
        ).to_dicts()
        assert late
        for row in late[:6]:
            found = trace_figure(warehouse, row["week_start"], row["issue_id"], row["figure"])
            assert [one.as_of_week for one in found.restatements][-1] >= row["as_of_week"]
            moved = [one for one in found.records if one.state != "known then"]
            is_new_zero = row["was_value"] is None and row["is_value"] == "0"
            assert moved or len(found.restatements) > 1 or is_new_zero
            assert found.records_now == float(found.restatements[-1].is_value)


def test_the_command_shows_value_query_and_masked_words(finished):
    with finished.warehouse() as warehouse:
        row = warehouse.query(
            "SELECT issue_id, value FROM published_figures WHERE week_start = ? AND issue_id <> '' "
            "AND figure = 'feedback_count' ORDER BY value DESC, issue_id LIMIT 1",
            [week(9)],
        ).to_dicts()[0]
    label = week_label(week(9))
    shown = voc("trace", label, row["issue_id"], "--home", finished.path)
    assert f"feedback_count = {row['value']:.0f}" in shown
    assert "The records known at the cutoff make the figure" in shown
    assert f"{row['value']:.0f} of them counted." in shown
    told = json.loads(voc("trace", label, row["issue_id"], "--json", "--home", finished.path))
    with finished.warehouse() as warehouse:
        assert warehouse.query(told["query"])["value"][0] == row["value"]
        for record in told["records"]:
            words = warehouse.value(
                "SELECT verbatim FROM feedback WHERE feedback_id = ?", record["feedback_id"]
            )
            assert record["quote"].rstrip("…") in " ".join(words.split())
    assert voc("trace", label, "--figure", "problem_count", "--home", finished.path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2025-W47", "ISS-9999"), "nothing was published"),
        (("2025-W47", "--figure", "mood"), "there are: "),
        (("2024-W01",), "nothing was published of the whole week"),
        (("soon",), "not an ISO week"),
    ],
)
def test_what_was_never_published_is_refused(arguments, said, finished):
    with pytest.raises(ConfigurationError, match=said):
        voc("trace", *arguments, "--home", finished.path)


ACTIONS = """\
[[action]]
id = "ACT-0001"
issue = "ISS-0001"
decision = "=HYPERLINK(1) <b>Replace</b> the flow"
function = "digital"
owner = "P. Nair"
due = 2025-10-31
steps = [
    {{ on = 2025-10-20, by = "CCO", did = "asked", why = "Largest" }},
    {{ on = 2025-10-30, by = "P. Nair", did = "done", effect = 2025-10-27, why = "Live" }},
]

[[action]]
id = "ACT-0002"
{issue}
decision = "Hire drivers"
function = "fulfilment"
owner = "T. Haddad"
due = 2025-11-05
steps = [
    {{ on = 2025-11-03, by = "CCO", did = "asked", why = "Peak" }},
]
"""


@pytest.fixture(scope="module")
def acted(finished, tmp_path_factory) -> Home:
    def make(folder: Path) -> Home:
        shutil.copytree(finished.path, folder, symlinks=True)
        (folder / "actions.toml").write_text(ACTIONS.format(issue='issue = "ISS-0002"'))
        run(Home(folder), 1, 9)
        return Home(folder)

    return made_once(tmp_path_factory, "acted", make)


def test_a_week_knows_only_the_steps_entered_by_its_end(acted):
    with acted.warehouse() as warehouse:
        found = warehouse.query(
            "SELECT as_of_week, action_id, status, is_overdue FROM actions ORDER BY ALL"
        )
        verdicts = warehouse.query(
            "SELECT as_of_week, weeks_since, verdict FROM fix_verdicts ORDER BY ALL"
        )
        weeks = warehouse.query("SELECT DISTINCT as_of_week FROM fix_weeks ORDER BY ALL")
        changes = warehouse.query("SELECT * FROM action_changes WHERE as_of_week = ?", [week(9)])
    assert found.rows() == [
        (week(5), "ACT-0001", "open", False),
        (week(6), "ACT-0001", "done", False),
        (week(7), "ACT-0001", "done", False),
        (week(7), "ACT-0002", "open", True),
        (week(8), "ACT-0001", "done", False),
        (week(8), "ACT-0002", "open", True),
        (week(9), "ACT-0001", "done", False),
        (week(9), "ACT-0002", "open", True),
    ]
    assert verdicts.rows() == [
        (week(6), 1, "too_early"),
        (week(7), 2, "too_early"),
        (week(8), 3, "too_early"),
        (week(9), 4, "not_shown"),
    ]
    assert weeks["as_of_week"].to_list() == [week(number) for number in (6, 7, 8, 9)]
    assert changes["did"].to_list() == ["asked", "done", "asked"]


def test_a_verdict_on_a_fix_stays_as_its_report_gave_it(acted, tmp_path):
    home = Home(shutil.copytree(acted.path, tmp_path / "home", symlinks=True))
    with home.warehouse() as warehouse:
        before = {model: warehouse.rows(model) for model in (FixVerdict, FixWeek)}
        for stage in ("mentions", "actions"):  # as if late records had come into the week
            warehouse.execute(
                "UPDATE stage_partitions SET fingerprint = '', output_hash = '' || week_start "
                "WHERE stage = ? AND week_start = ?",
                [stage, week(9)],
            )
        warehouse.execute("DELETE FROM mentions WHERE issue_id = 'ISS-0001'")
        actions(WeekRun("actions", home, warehouse, [week(9)], print))
        for model, kept in before.items():
            assert warehouse.rows(model).equals(kept)


def test_the_last_verdict_of_an_earlier_week_is_what_was_published(acted, tmp_path):
    home = Home(shutil.copytree(acted.path, tmp_path / "home", symlinks=True))
    path = home.reports / week_label(week(9)) / "report.json"
    told = json.loads(path.read_text())
    last = dict(next(one for one in told["references"] if one["value"] is not None))
    last |= {"ref": "last", "table": "fix_verdicts", "figure": "weeks_since", "value": 3}
    last["key"] = [week(8).isoformat(), "ACT-0001"]
    told["references"].append(last)
    path.write_text(json.dumps(told), encoding="utf-8")
    with home.warehouse() as warehouse:
        assert misprinted(home, warehouse, [week(9)]).is_empty()
        warehouse.execute("UPDATE fix_verdicts SET weeks_since = 4 WHERE as_of_week = ?", [week(8)])
        assert misprinted(home, warehouse, [week(9)])["fault"].to_list() == [
            "last: 3.0 is printed, 4 was published"
        ]


def test_actions_by_command_enter_the_register_and_the_list(acted, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(acted.path, home, symlinks=True)
    said = ("--by", "CCO", "--why", "w", "--home", home)
    asked = ("--due", "2025-12-01", "--on", "2025-11-17")
    assert "ACT-0003" in voc("action", "add", "ISS-0003", "Mend it", *asked, *said)
    assert "done" in voc("action", "done", "ACT-0003", "--on", "2025-11-19", *said)
    assert "overdue 19 days" in voc("action", "list", "--home", home)
    assert "moved" in voc("action", "move", "ACT-0002", "--due", "2027-01-04", *said)
    assert "handed over" in voc("action", "hand-over", "ACT-0002", "--owner", "X", *said)
    shown = voc("action", "list", "--home", home)
    assert "ACT-0003" not in shown
    assert "As of Monday 2025-11-24, when 2025-W47 closed: 1 action\n" in shown
    assert "overdue" not in shown  # as the company's own time says, whatever the clock
    assert "ACT-0003" in voc("action", "list", "--all", "--home", home)
    before = (home / "actions.toml").read_bytes()
    for wrong, why in (
        (("done", "ACT-0003"), "it is done"),
        (("drop", "ACT-0099"), "no action"),
        (("add", "ISS-9999", "x", "--due", "2099-01-01"), "no issue"),
        (("add", "ISS-0003", "x", "--due", "2025-11-01"), "lies in the past"),
        (("add", "ISS-0003", "x" * 301, "--due", "2099-01-01"), "at most 300"),
        (("add", "ISS-0003", "a\u202eb", "--due", "2099-01-01"), r"U\+202E"),
        (("add", "ISS-0003", "x", "--due", "2099-01-01", "--function", "none"), "unknown function"),
        (("drop", "ACT-0002", "--on", "2099-01-01"), "lies in the future"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            voc("action", *wrong, *said)
    assert (home / "actions.toml").read_bytes() == before


def test_a_run_is_refused_with_the_line_of_an_action_on_no_issue(acted, tmp_path):
    from assets.launch import run_weeks

    shutil.copytree(acted.path, tmp_path / "home", symlinks=True)
    home = Home(tmp_path / "home")
    (home.path / "actions.toml").write_text(ACTIONS.format(issue='issue = "ISS-0777"'))
    outcome = run_weeks(home, [week(9)])
    assert not outcome.succeeded
    assert any("line 13: ACT-0002" in line and "ISS-0777" in line for line in outcome.failures)
