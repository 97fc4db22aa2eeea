from datetime import date, datetime

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.partitions import weekly
from models.errors import ConfigurationError
from models.settings import CompanySettings
from models.week import as_of, last_closed_week, parse_week, week_label, week_start, weeks_between

DAYS = st.dates(min_value=date(1999, 1, 1), max_value=date(2040, 12, 31))


def test_duckdb_polars_python_and_dagster_agree_on_the_monday():
    company = CompanySettings(id="a", name="A", start_week="2020-W01", end_week="2021-W09")
    mondays = set(weekly(company).get_partition_keys())
    days = pl.date_range(date(2020, 1, 1), date(2021, 3, 7), eager=True).alias("day")
    weeks = days.to_frame().with_columns(polars=pl.col("day").dt.truncate("1w")).to_arrow()
    with duckdb.connect() as connection:
        connection.register("weeks", weeks)
        query = "SELECT day, polars, date_trunc('week', day)::DATE AS duck FROM weeks"
        found = connection.sql(query).pl()
    for day, in_polars, in_duckdb in found.iter_rows():
        assert in_polars == in_duckdb == week_start(day)
        assert in_duckdb.isoformat() in mondays
    assert len(mondays) == len(set(found["duck"]))


@given(DAYS)
def test_a_label_leads_back_to_its_monday(day):
    monday = week_start(day)
    assert monday.weekday() == 0
    assert parse_week(week_label(monday)) == parse_week(day.isoformat()) == monday


@pytest.mark.parametrize("text", ["2026-W54", "yesterday", "2026-13-01", ""])
def test_what_is_no_week_is_refused_with_an_example(text):
    with pytest.raises(ConfigurationError, match="2026-W46"):
        parse_week(text)


def test_a_week_closes_at_the_company_s_own_hour():
    monday = date(2026, 7, 6)
    assert as_of(monday, "Europe/London", 6) == datetime(2026, 7, 13, 5)
    assert as_of(monday, "America/New_York", 6) == datetime(2026, 7, 13, 10)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)))
def test_the_last_closed_week_is_closed_and_the_next_is_not(now):
    week = last_closed_week(now, "Europe/Berlin", 6)
    following = list(weeks_between(week, week.replace() + (date(2020, 1, 8) - date(2020, 1, 1))))[1]
    assert as_of(week, "Europe/Berlin", 6) <= now < as_of(following, "Europe/Berlin", 6)
