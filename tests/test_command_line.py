import re
from datetime import date, datetime, timedelta

import pytest
from conftest import WEEKS
from homes import week
from typer.testing import CliRunner

from assets.command_line import app
from assets.launch import Outcome
from assets.settings_reference import described_settings
from models.errors import ConfigurationError, LockedError, VocError
from models.settings import Settings

VOC = CliRunner()


def voc(*arguments):
    done = VOC.invoke(app, [str(one) for one in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_status_tells_week_sources_lock_and_restatements(finished):
    shown = voc("status", "--home", finished.path)
    assert "Last closed week: 2025-W47" in shown
    assert "Last week run: 2025-W47" in shown
    assert "Lock: free" in shown
    assert "Closed weeks not run yet: 0" in shown
    assert "Sources in 2025-W47" in shown
    restated = re.search(
        r"Restated as of 2025-W47: (\d+) figures? of .* in all weeks: (\d+)", shown
    )
    with finished.warehouse() as warehouse:
        found = [
            warehouse.value("SELECT count(*) FROM restatements WHERE as_of_week = ?", week(WEEKS)),
            warehouse.value("SELECT count(*) FROM restatements"),
        ]
    assert [int(one) for one in restated.groups()] == found
    assert "Set aside in all weeks: 0" in shown
    for source in finished.settings.sources:
        assert source.id in shown


def test_status_of_a_home_that_never_ran_says_what_to_do(tmp_path, finished):
    (tmp_path / "settings.toml").write_text((finished.path / "settings.toml").read_text())
    assert "uv run voc run" in voc("status", "--home", tmp_path)


def test_check_loads_nothing_and_names_what_is_wrong(tmp_path, finished):
    settings = (finished.path / "settings.toml").read_text()
    (tmp_path / "settings.toml").write_text(settings)
    with pytest.raises(VocError, match="weeks run all the same"):
        voc("check", "--home", tmp_path)
    assert not (tmp_path / "warehouse.duckdb").exists()
    assert "in order" in voc("check", "--home", finished.path)


def test_check_names_all_that_is_wrong_what_blocks_first_each_with_its_remedy(tmp_path, finished):
    settings = (finished.path / "settings.toml").read_text()
    wanted = settings.replace('id = "survey"', 'id = "survey"\nis_required = true', 1)
    exposure = '\n[exposure]\nunit = "orders"\npaths = ["no.csv"]\ndate = "d"\ncount = "n"\n'
    (tmp_path / "settings.toml").write_text(wanted + exposure)
    (tmp_path / "actions.toml").write_text("nonsense = 1\n")
    (tmp_path / "glossary.toml").write_text("[[themes]]\nno = 1\n")
    (tmp_path / "curation.toml").write_text("decisions = [\n  { id = 1 },\n  { id = 2 },\n]\n")
    done = VOC.invoke(app, ["check", "--home", str(tmp_path)])
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    told = [line for line in lines if line.startswith(("blocks", "does not block"))]
    blocking = [line for line in told if line.startswith("blocks")]
    assert told[: len(blocking)] == blocking
    places = ("action register", "glossary", "curation.toml", "exposure", "source survey")
    assert all(any(f"blocks {place}" in line for line in blocking) for place in places)
    assert any("does not block source chat" in line and "put " in line for line in told)
    assert "curation.toml line 3" in done.output
    assert isinstance(done.exception, ConfigurationError)
    assert f"{len(told)} to mend, {len(blocking)} of them before any week" in str(done.exception)


def test_check_tells_of_records_that_no_closed_week_loads(tmp_path, monkeypatch):
    monkeypatch.setenv("VOC_PSEUDONYM_KEY", "0123456789abcdef")
    (tmp_path / "settings.toml").write_text(
        '[company]\nid = "shop"\nname = "Shop"\ntime_zone = "Europe/London"\n'
        'start_week = "2025-W01"\nend_week = "2025-W40"\n[[sources]]\nid = "reviews"\n'
        'kind = "files"\nchannel = "review"\npaths = ["a.csv"]\n'
        'columns.occurred_at = ["date"]\ncolumns.verbatim = ["text"]\n'
    )
    rows = "date,text\n1970-01-01,a\n2025-03-03,b\n2099-01-01,c\n"
    (tmp_path / "a.csv").write_text(rows)
    shown = voc("check", "--home", tmp_path)
    assert "note source reviews: 1 record of 3 from before 2025-W01, first a.csv:2" in shown
    assert "note source reviews: 1 record of 3 from after 2025-W40 closed, first a.csv:4" in shown
    assert "in order" in shown


def test_a_check_that_found_something_is_told_also_if_the_run_went_through(finished, monkeypatch):
    outcome = Outcome("1", succeeded=True, failures=("report/held: build it again",), warnings=())
    monkeypatch.setattr("assets.launch.run_weeks", lambda *_: outcome)
    with pytest.raises(VocError, match=r"published, but a check found .*\n  report/held: build"):
        voc("run", "--week", "2025-W47", "--home", finished.path)


def test_a_history_that_is_over_lives_in_its_own_time(finished):
    assert finished.today(datetime(2031, 3, 1)) == week(WEEKS) + timedelta(weeks=1)
    assert finished.closing_day(datetime(2031, 3, 1)) == week(WEEKS) + timedelta(weeks=1)
    while_it_runs = datetime(2025, 10, 15, 12)
    assert finished.today(while_it_runs) == date(2025, 10, 15)
    assert finished.closing_day(while_it_runs) == date(2025, 10, 13)


def test_a_typo_in_the_settings_is_named_with_its_place(tmp_path, finished):
    settings = (finished.path / "settings.toml").read_text()
    (tmp_path / "settings.toml").write_text(settings.replace("time_zone", "timezone", 1))
    with pytest.raises(ConfigurationError, match=r"company\.timezone"):
        voc("run", "--home", tmp_path)


def test_a_home_without_settings_says_how_to_get_some(tmp_path):
    with pytest.raises(ConfigurationError, match=r"copy data/settings\.toml"):
        voc("run", "--home", tmp_path)


@pytest.mark.parametrize("label", ["2025-W01", "2026-W46"])
def test_a_week_outside_the_history_is_refused(label, finished):
    with pytest.raises(ConfigurationError, match="closed weeks 2025-W39 to 2025-W47"):
        voc("run", "--week", label, "--home", finished.path)


def test_a_home_in_use_is_refused_by_name(finished):
    with finished.lock("somebody else", 1.0):
        assert "somebody else" in finished.lock_holder()


def test_the_lock_holds_between_processes(finished):
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from assets.home import Home\n"
        f"home = Home(Path({str(finished.path)!r}))\n"
        "with home.lock('the other process', 1.0):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match="the other process"), finished.lock("us", 0.2):
            pass
        other.stdin.close()
        other.stdout.close()
    with finished.lock("us", 5.0):
        assert finished.lock_holder() is not None


def test_a_real_company_s_run_needs_its_key(tmp_path, finished, monkeypatch):
    monkeypatch.delenv("VOC_PSEUDONYM_KEY", raising=False)
    settings = (finished.path / "settings.toml").read_text()
    real = settings.replace("is_simulated = true", "is_simulated = false")
    (tmp_path / "settings.toml").write_text(real)
    with pytest.raises(ConfigurationError, match="VOC_PSEUDONYM_KEY"):
        voc("run", "--home", tmp_path)


def test_every_setting_is_described():
    described = list(described_settings())
    keys = {key for key, _, _ in described}
    assert all(meaning for _, _, meaning in described)
    assert {"[company]", "[[functions]]", "[engine]", "[masking]", "start_week"} <= keys
    kinds = [key for key in keys if key.startswith("[[sources]] kind = ")]
    assert len(kinds) == 4
    sections = {name for name in Settings.model_fields if name != "sources"}
    assert {key.strip("[]") for key in keys if key.startswith("[")} >= sections
    shown = voc("settings")
    assert "start_week = required" in shown


def test_a_typo_in_a_source_names_the_source_and_what_was_meant(tmp_path, finished):
    settings = (finished.path / "settings.toml").read_text()
    assert "date_formats" in settings
    (tmp_path / "settings.toml").write_text(settings.replace("\ndate_formats", "\ndate_format", 1))
    with pytest.raises(ConfigurationError, match=r"date_format: .*mean 'date_formats'") as raised:
        voc("run", "--home", tmp_path)
    assert "source complaints" in str(raised.value)
    assert "1 to mend" in str(raised.value)
