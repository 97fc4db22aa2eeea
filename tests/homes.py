"""Small simulated homes for tests, and what a run left in one, as comparable bytes."""

import io
import os
import shutil
from collections.abc import Callable
from datetime import date
from hashlib import blake2b
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from assets.home import Home
from assets.launch import run_weeks
from models.week import ONE_WEEK
from voc_pipeline.sample import (
    company_glossary_toml,
    company_settings_toml,
    simulate_company,
    write_company,
)

FIRST_WEEK = date(2025, 9, 22)


def simulated_home(folder: Path, *, weeks: int, scale: float = 0.15) -> Home:
    company = simulate_company(seed=11, weeks=weeks, scale=scale, first_week=FIRST_WEEK)
    folder.mkdir(parents=True, exist_ok=True)
    write_company(company, folder)
    (folder / "settings.toml").write_text(company_settings_toml(company), encoding="utf-8")
    (folder / "glossary.toml").write_text(company_glossary_toml(), encoding="utf-8")
    return Home(folder)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Home]) -> Home:
    """A home that the first test process to ask for it makes; each gets a copy of its own."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(folder.with_suffix(".lock")):
        if not folder.with_suffix(".made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            folder.with_suffix(".made").touch()
    own = factory.mktemp(name) / "home"
    shutil.copytree(folder, own, symlinks=True)
    return Home(own)


def week(number: int) -> date:
    """The number-th week of a simulated home, from 1."""
    return FIRST_WEEK + ONE_WEEK * (number - 1)


def run(home: Home, first: int, last: int):
    outcome = run_weeks(home, [week(number) for number in range(first, last + 1)])
    assert outcome.succeeded, outcome.failures
    return outcome


def published_tables(home: Home) -> dict[str, str]:
    """A hash of the sorted Parquet export of every published table."""
    found = {}
    with duckdb.connect(str(home.path / "voc.duckdb"), read_only=True) as analyst:
        names = analyst.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        for (name,) in names:
            rows = analyst.sql(f"SELECT * FROM {name} ORDER BY ALL").pl()  # noqa: S608
            file = io.BytesIO()
            rows.write_parquet(file)
            found[name] = (
                f"{rows.height} rows {blake2b(file.getvalue(), digest_size=8).hexdigest()}"
            )
    return found


def report_files(home: Home) -> dict[str, str]:
    """A hash of every report file."""
    return {
        str(path.relative_to(home.path)): blake2b(path.read_bytes(), digest_size=8).hexdigest()
        for path in sorted(home.reports.rglob("*"))
        if path.is_file()
    }


def left_behind(home: Home) -> dict[str, str]:
    """All that people see of a home: published tables and report files."""
    return published_tables(home) | report_files(home)
