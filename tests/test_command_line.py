import pytest
from typer.testing import CliRunner

from assets.command_line import app
from assets.settings_reference import described_settings
from models.errors import ConfigurationError, LockedError
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
    assert "Restatements since the last report:" in shown
    for source in finished.settings.sources:
        assert source.id in shown


def test_status_of_a_home_that_never_ran_says_what_to_do(tmp_path, finished):
    (tmp_path / "settings.toml").write_text((finished.path / "settings.toml").read_text())
    assert "uv run voc run" in voc("status", "--home", tmp_path)


def test_check_loads_nothing_and_names_what_is_wrong(tmp_path, finished):
    settings = (finished.path / "settings.toml").read_text()
    (tmp_path / "settings.toml").write_text(settings)
    with pytest.raises(ConfigurationError, match="to mend"):
        voc("check", "--home", tmp_path)
    assert not (tmp_path / "warehouse.duckdb").exists()
    assert "in order" in voc("check", "--home", finished.path)


def test_a_typo_in_the_settings_is_named_with_its_place(tmp_path, finished):
    settings = (finished.path / "settings.toml").read_text()
    (tmp_path / "settings.toml").write_text(settings.replace("time_zone", "timezone", 1))
    with pytest.raises(ConfigurationError, match=r"company\.timezone"):
        voc("run", "--home", tmp_path)


def test_a_home_without_settings_says_how_to_get_some(tmp_path):
    with pytest.raises(ConfigurationError, match=r"copy data/settings\.toml"):
        voc("run", "--home", tmp_path)


@pytest.mark.parametrize("week", ["2025-W01", "2026-W46"])
def test_a_week_outside_the_history_is_refused(week, finished):
    with pytest.raises(ConfigurationError, match="closed weeks 2025-W39 to 2025-W47"):
        voc("run", "--week", week, "--home", finished.path)


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
