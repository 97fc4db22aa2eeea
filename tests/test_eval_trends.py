"""`voc eval trends`: any weekly series in, one judged row per series and week out."""

import json
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from assets.command_line import app
from models.errors import ConfigurationError
from voc_pipeline.evaluate.trends import COLUMNS, judge_series
from voc_pipeline.evaluate.weekly_series import SeriesColumns, read_series

THURSDAY = date(2015, 1, 1)
SHARES = SeriesColumns("type", "week", "count", "total")
COUNTS = SeriesColumns("type", "week", "count")


def weekly(
    series: dict[str, list[int]], *, begin: date = THURSDAY, total: int = 10_000
) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (name, begin + timedelta(days=7 * step), count, total)
            for name, counts in series.items()
            for step, count in enumerate(counts)
        ],
        schema=["type", "week", "count", "total"],
        orient="row",
    )


def several(weeks: int = 60, **extra: list[int]) -> dict[str, list[int]]:
    chance = np.random.default_rng(4)
    return {f"S{number}": chance.poisson(20, weeks).tolist() for number in range(5)} | extra


def judged(table: pl.DataFrame, columns: SeriesColumns = COUNTS, **options) -> pl.DataFrame:
    return judge_series(read_series(table, columns), **options)


def row_of(found: pl.DataFrame, series: str, step: int) -> dict[str, object]:
    week = THURSDAY + timedelta(days=7 * step)
    return found.row(
        by_predicate=(pl.col("series") == series) & (pl.col("week_start") == week), named=True
    )


def eval_trends(*arguments: object) -> dict[str, object]:
    done = CliRunner().invoke(app, ["eval", "trends", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_a_spike_in_a_thursday_series_is_found_in_its_week_and_only_there():
    spiked = several(A=[*np.random.default_rng(8).poisson(12, 50).tolist(), 70, *[12] * 9])
    found = judged(weekly(spiked), SHARES)
    assert found.columns == list(COLUMNS)
    assert found.height == 6 * 60
    row = row_of(found, "A", 50)
    assert (row["verdict"], row["is_alarm"], row["observed_count"]) == ("SPIKING", True, 70)
    assert row["lower_bound"] < row["expected_count"] < row["upper_bound"] < 70
    assert row["exceedance_score"] > 1
    assert row["p_value"] <= row["q_value"] < 0.01
    alarms = found.filter("is_alarm")
    assert alarms.filter(pl.col("series") == "A").height == 1
    assert alarms.height - 1 <= 0.1 * 52  # nothing else happened: one week in ten may alarm


def test_each_week_is_judged_with_what_was_known_up_to_it():
    table = weekly(several(A=[*[9] * 40, 60, *[9] * 19]))
    whole = judged(table)
    week = THURSDAY + timedelta(days=7 * 45)
    until = judged(table.filter(pl.col("week") <= week), first=week)
    assert_frame_equal(whole.filter(pl.col("week_start") == week), until, check_exact=True)


@pytest.mark.parametrize("method", ["voc", "farrington", "ears_c1", "ears_c2", "ears_c3"])
def test_order_of_rows_changes_nothing_and_from_only_cuts(method):
    table = weekly(several(180))
    far = THURSDAY + timedelta(days=7 * 160)
    whole = judged(table, method=method, first=far)
    shuffled = table.sample(fraction=1, shuffle=True, seed=1)
    assert_frame_equal(whole, judged(shuffled, method=method, first=far), check_exact=True)
    begin = THURSDAY + timedelta(days=7 * 170)
    late = judged(table, method=method, first=begin + timedelta(days=6))
    assert_frame_equal(whole.filter(pl.col("week_start") >= begin), late)


def test_a_reference_method_leaves_empty_what_it_does_not_know():
    spiked = several(180, A=[*np.random.default_rng(8).poisson(12, 179).tolist(), 70])
    last = THURSDAY + timedelta(days=7 * 179)
    for method in ("farrington", "ears_c1", "ears_c2", "ears_c3"):
        found = judged(weekly(spiked), SHARES, method=method, first=last)
        row = row_of(found, "A", 179)
        assert row["is_alarm"]
        assert (row["verdict"], row["lower_bound"]) == (None, None)
        assert row["expected_count"] < row["upper_bound"] < 70
        assert (row["p_value"] is None) == (row["q_value"] is None) == (method != "farrington")
    young = judged(weekly(several(60)), method="farrington")
    assert young["upper_bound"].null_count() == young.height
    assert not young["is_alarm"].any()


def test_shares_with_an_exposure_are_no_rise_when_all_doubles():
    counts = {name: [*values[:-1], 2 * values[-1]] for name, values in several().items()}
    table = weekly(counts)
    last = pl.col("week") == table["week"].max()
    doubled = table.with_columns(total=pl.when(last).then(20_000).otherwise(10_000))
    assert not judged(doubled, SHARES, first=table["week"].max())["is_alarm"].any()
    assert judged(table, COUNTS, first=table["week"].max())["is_alarm"].any()


# what is no mistake


@pytest.mark.parametrize("value", [0, 1, 10**9])
def test_one_week_alone_has_no_verdict(value):
    found = judged(weekly({"A": [value]}))
    assert found.select("observed_count", "verdict", "is_alarm", "p_value").rows() == [
        (value, "INSUFFICIENT_HISTORY", False, None)
    ]


def test_all_zeros_are_steady_without_an_expectation_and_never_alarm():
    found = judged(weekly({"A": [0] * 30, "B": [0] * 30}))
    assert found.height == 60
    assert not found["is_alarm"].any()
    assert found["expected_count"].null_count() == 60
    assert row_of(found, "A", 29)["verdict"] == "STEADY"
    assert row_of(found, "A", 7)["verdict"] == "INSUFFICIENT_HISTORY"


def test_one_count_of_a_billion_alarms_and_poisons_no_later_week():
    table = weekly(several(A=[*[12] * 40, 10**9, *[12] * 19]))
    found = judged(table)
    assert row_of(found, "A", 40)["is_alarm"]
    assert row_of(found, "A", 59)["expected_count"] == pytest.approx(12, rel=0.3)
    assert row_of(found, "A", 59)["verdict"] == "STEADY"


def test_a_missing_week_of_one_series_is_zero_and_of_all_is_unknown():
    table = weekly(several())
    week = THURSDAY + timedelta(days=7 * 50)
    is_week = pl.col("week") == week
    holed = read_series(table.filter(~(is_week & (pl.col("type") == "S0"))), SHARES)
    assert (holed.zero_week_count, holed.unknown_week_count) == (1, 0)
    row = row_of(judge_series(holed), "S0", 50)
    assert row["observed_count"] == 0
    assert row["expected_count"] == pytest.approx(20, rel=0.3)
    lost = read_series(table.filter(~is_week), SHARES)
    assert (lost.zero_week_count, lost.unknown_week_count) == (0, 1)
    found = judge_series(lost)
    assert found.filter(pl.col("week_start") == week).is_empty()
    assert row_of(found, "S0", 51)["lower_bound"] > 5


def test_a_series_that_begins_late_is_no_birth_and_waits_for_its_own_history():
    table = weekly(several()).filter(
        (pl.col("type") != "S1") | (pl.col("week") >= THURSDAY + timedelta(days=7 * 30))
    )
    found = judged(table).filter(pl.col("series") == "S1")
    assert found.height == 30
    assert not found["is_alarm"].any()
    assert found["verdict"].to_list()[:8] == ["INSUFFICIENT_HISTORY"] * 8
    assert "NEW" not in found["verdict"].to_list()
    assert found["expected_count"].to_list()[8] == pytest.approx(20, rel=0.3)


def test_names_that_are_numbers_stay_numbers_in_their_order():
    table = weekly({"2": [3] * 12, "10": [4] * 12}).with_columns(pl.col("type").cast(pl.Int64))
    found = judged(table)
    assert found["series"].to_list() == [2] * 12 + [10] * 12
    assert found["observed_count"].to_list() == [3] * 12 + [4] * 12


def test_exposure_zero_or_null_is_not_observed():
    table = weekly(several())
    for nothing in (0, None):
        dark = table.with_columns(
            total=pl.when((pl.col("week") == table["week"].max()) & (pl.col("type") == "S2"))
            .then(nothing)
            .otherwise("total")
        )
        found = judged(dark, SHARES, first=table["week"].max())
        row = row_of(found, "S2", 59)
        assert (row["expected_count"], row["p_value"], row["is_alarm"]) == (None, None, False)
        assert row_of(found, "S1", 59)["expected_count"] is not None


def test_weeks_are_read_as_dates_instants_texts_and_labels():
    monday = date(2025, 1, 6)
    table = weekly(several(20), begin=monday)
    wanted = judged(table)
    same = {
        "instants": pl.col("week").cast(pl.Datetime("us")),
        "texts": pl.col("week").dt.to_string(),
        "texts with a time": pl.col("week").dt.to_string() + "T00:00:00Z",
        "labels": pl.col("week").dt.strftime("%G-W%V"),
    }
    for kind in same.values():
        assert_frame_equal(judged(table.with_columns(week=kind)), wanted)


# what is a mistake


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"count": -3}, r"column count, row 5 .*: -3 is negative; .*whole number from 0"),
        ({"count": 2.5}, r"row 5 .*: 2\.5 is a fraction; .*exposure"),
        ({"count": "12x"}, r"row 5 .*: '12x' is no number"),
        ({"count": None}, r"row 5 .*: None is empty; .*leave out rows"),
        ({"count": float("nan")}, r"row 5 .*: nan is no count"),
        ({"count": 1e13}, r"row 5 .*: 1\d* ?.*is no count|is no count"),
        ({"total": -1}, r"column total, row 5 .*: -1.* is negative"),
        ({"total": float("inf")}, r"column total, row 5 .*: inf is not finite"),
        ({"type": None}, r"column type, row 5 .*: None is empty"),
        ({"week": None}, r"column week, row 5 .*: None is no week"),
        ({"week": "soon"}, r"column week, row 5 .*: 'soon' is no week; write a date"),
        ({"week": "2015-01-31"}, r"row 5 .*: week 2015-01-31 is 30 days after 2015-01-01"),
        ({"week": "2015-01-01"}, r"rows 1, 5 .*one series, 'S0', and one week, 2015-01-01"),
    ],
)
def test_a_wrong_row_is_named_with_its_value_and_remedy(change, said):
    rows = weekly(several(12)).with_columns(pl.col("week").dt.to_string()).to_dicts()
    rows[4] |= change
    kinds = {type(row[name]) for row in rows for name in change}
    as_text = str in kinds and len(kinds - {str, type(None)}) > 0
    if as_text:
        rows = [row | {name: str(row[name]) for name in change} for row in rows]
    table = pl.DataFrame(rows, strict=False, infer_schema_length=None)
    with pytest.raises(ConfigurationError, match=said):
        read_series(table, SHARES)


def test_many_wrong_rows_are_counted():
    table = weekly(several(12)).with_columns(count=pl.lit(-1))
    with pytest.raises(ConfigurationError, match=r"row 1, 2, 3 and 57 more"):
        read_series(table, SHARES)


def test_missing_and_doubled_columns_and_empty_tables_are_refused():
    table = weekly(several(12))
    for columns, said in (
        (SeriesColumns("kind", "week", "count"), "no column 'kind'; it has 'type, week, count"),
        (SeriesColumns("type", "week", "week"), "must differ"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            read_series(table, columns)
    with pytest.raises(ConfigurationError, match="no rows"):
        read_series(table.clear(), COUNTS)
    with pytest.raises(ConfigurationError, match="holds Boolean, no numbers"):
        read_series(table.with_columns(count=pl.lit(True)), COUNTS)
    with pytest.raises(ConfigurationError, match="holds Int64, no weeks"):
        read_series(table.with_columns(week=pl.lit(3, dtype=pl.Int64)), COUNTS)
    with pytest.raises(ConfigurationError, match="no week from 2030-01-01 on: the table ends"):
        judged(table, first=date(2030, 1, 1))


# the command


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_command_reads_and_writes_csv_and_parquet_with_the_same_figures(tmp_path, kind):
    table = weekly(several(40, A=[*[9] * 39, 60]))
    source, out = tmp_path / f"counts.{kind}", tmp_path / f"out.{kind}"
    getattr(table, f"write_{kind}")(source)
    names = ("--series", "type", "--week", "week", "--count", "count", "--exposure", "total")
    told = eval_trends(source, *names, "--from", "2015-09-10", "--out", out)
    assert (told["series"], told["rows"], told["missing_weeks_taken_as_zero"]) == (6, 24, 0)
    assert told["alarms"] == 1
    found = pl.read_csv(out, try_parse_dates=True) if kind == "csv" else pl.read_parquet(out)
    wanted = judged(table, SHARES, first=date(2015, 9, 10))
    assert_frame_equal(found, wanted)
    assert found["week_start"].dtype == pl.Date


def test_command_refuses_what_it_cannot_read_or_write(tmp_path):
    source = tmp_path / "counts.csv"
    weekly(several(12)).write_csv(source)
    names = ("--series", "type", "--week", "week", "--count", "count")
    for out, said in (
        (tmp_path / "out.xlsx", "neither .csv nor .parquet"),
        (tmp_path / "no" / "out.csv", "there is no folder"),
        (source, "is the file that is read"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            eval_trends(source, *names, "--out", out)
    with pytest.raises(ConfigurationError, match="--from 'soon' is no week"):
        eval_trends(source, *names, "--from", "soon", "--out", tmp_path / "out.csv")
    with pytest.raises(ConfigurationError, match="there is no file"):
        eval_trends(tmp_path / "none.csv", *names, "--out", tmp_path / "out.csv")


def test_instants_of_any_hour_are_their_day():
    table = weekly(several(12)).with_columns(
        week=pl.col("week").map_elements(
            lambda day: datetime(day.year, day.month, day.day, 15), return_dtype=pl.Datetime("us")
        )
    )
    assert judged(table)["week_start"].min() == THURSDAY
