"""The back-test: coverage and alarms by volume, from what was published."""

from datetime import date, timedelta

import polars as pl
import pytest

from models.trend import TrendBacktest
from voc_pipeline.trends.backtest import backtest

NUMBERS = ("expected_count", "lower_bound", "upper_bound", "p_value", "alarm_chance")
MONDAY = date(2026, 1, 5)


def judged(*rows: tuple[int, float, float | None, bool]) -> pl.DataFrame:
    """Week number, observed, expected (null: no range), alarm; the range is expected +- 2."""
    return pl.DataFrame(
        [
            {
                "week_start": MONDAY + timedelta(weeks=number),
                "issue_id": f"I{place}",
                "observed_count": observed,
                "expected_count": expected,
                "lower_bound": None if expected is None else max(0.0, expected - 2),
                "upper_bound": None if expected is None else expected + 2,
                "p_value": None if expected is None else (0.001 if alarm else 0.4),
                "is_alarm": alarm,
                "alarm_chance": None if expected is None else 0.25,
            }
            for place, (number, observed, expected, alarm) in enumerate(rows)
        ],
        schema_overrides=dict.fromkeys(NUMBERS, pl.Float64),
    )


def test_every_band_is_a_row_and_counts_its_own():
    found = backtest(
        judged((0, 0, 0.4, False), (0, 9, 5.0, True), (1, 1, 5.0, False), (1, 5, 5.0, False)),
        week=MONDAY + timedelta(weeks=1),
    )
    assert found.columns == list(TrendBacktest.model_fields)
    rows = {row["volume_band"]: row for row in found.to_dicts()}
    assert set(rows) == {"all", "under 1", "1 to 3", "3 to 10", "10 and more"}
    middle = rows["3 to 10"]
    assert middle["issue_week_count"] == 3
    for name in ("inside_share", "above_share", "below_share", "low_p_share"):
        assert middle[name] == pytest.approx(1 / 3, abs=1e-5)
    assert rows["all"]["alarm_count"] == 1
    assert rows["all"]["alarms_per_week"] == 0.5
    assert rows["all"]["chance_alarms_per_week"] == 0.5
    assert rows["10 and more"]["inside_share"] is None


def test_weeks_without_a_range_and_later_weeks_are_not_counted():
    found = backtest(judged((0, 3, None, False), (5, 3, 3.0, False)), week=MONDAY)
    everything = found.filter(pl.col("volume_band") == "all").row(0, named=True)
    assert everything["judged_week_count"] == everything["issue_week_count"] == 0
    assert everything["alarms_per_week"] is None
