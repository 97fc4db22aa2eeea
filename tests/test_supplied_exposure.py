"""Orders or customers as exposure: files checked, weeks conserved, used from file to verdict."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.exposure import read_exposure
from models.errors import ConfigurationError, VocError
from models.exposure import ExposureSettings, SuppliedExposure
from models.quality import PublicationLag
from voc_pipeline.trends.supplied import supplied_exposure, week_exposure
from voc_pipeline.trends.tables import as_frame

MONDAY = date(2026, 1, 5)
NO_LAG = as_frame(PublicationLag, [])
VOLUMES = pl.DataFrame(
    schema={"week_start": pl.Date, "source_id": pl.String, "feedback_count": pl.Int64}
)


def told(**more) -> ExposureSettings:
    return ExposureSettings(paths=("orders*.csv",), date="day", count="orders", **more)


def read(folder: Path, text: str, **more) -> pl.DataFrame:
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    return read_exposure(told(**more), folder)


def weekly(rows: pl.DataFrame, *, weeks: int = 3) -> pl.DataFrame:
    frame = supplied_exposure(
        rows, unit="orders", first_week=MONDAY, last_week=MONDAY + timedelta(weeks=weeks - 1)
    )
    assert frame.columns == list(SuppliedExposure.model_fields)
    return frame


def test_days_are_summed_to_weeks_and_cells_to_the_whole(tmp_path):
    rows = read(
        tmp_path,
        "day,product,orders\n2026-01-05,Home,10\n2026-01-06,Home,5\n2026-01-11,,7\n2026-01-12,Home,1\n",
        dimensions={"product": "product"},
    )
    found = weekly(rows).select("week_start", "dimension", "cell", "exposure").rows()
    next_week = MONDAY + timedelta(weeks=1)
    assert found == [
        (MONDAY, "", None, 22.0),
        (MONDAY, "product", None, 7.0),
        (MONDAY, "product", "Home", 15.0),
        (next_week, "", None, 1.0),
        (next_week, "product", "Home", 1.0),
    ]


def test_parquet_with_real_dates_is_read_too(tmp_path):
    pl.DataFrame({"week_start": [MONDAY], "exposure": [12]}).write_parquet(tmp_path / "e.parquet")
    found = read_exposure(ExposureSettings(paths=("e.parquet",)), tmp_path)
    assert found.rows() == [(MONDAY, 12.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day,count\n2026-01-05,1\n", "has no column 'orders'"),
        ("day,orders\n05/01/2026,1\n", "orders.csv:1 has day '05/01/2026'"),
        ("day,orders\n2026-01-05,-1\n", "orders '-1'"),
        ("day,orders\n2026-01-05,many\n", "a count a number of 0 or more"),
        ("day,orders\n2026-01-05,\n", "orders.csv:1"),
        ("day,orders\n2026-01-05,inf\n", "orders 'inf'"),
        ("day,orders\n2026-01-05,1\n2026-01-05,2\n", "keep one"),
        ("", "cannot be read"),
    ],
)
def test_a_bad_row_stops_the_run_with_its_place(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, text)


def test_no_file_is_a_wrong_setting(tmp_path):
    with pytest.raises(VocError, match="no file"):
        read_exposure(told(), tmp_path)


def weeks(count: int) -> list[date]:
    return [MONDAY + timedelta(weeks=number) for number in range(count)]


def test_a_week_that_is_not_supplied_has_that_of_its_nearest():
    rows = pl.DataFrame({"day": [weeks(4)[1], weeks(4)[3]], "exposure": [10.0, 30.0]})
    found = week_exposure(weekly(rows, weeks=4), VOLUMES, NO_LAG, weeks=weeks(5))
    assert found["exposure"].to_list() == [10.0, 10.0, 10.0, 30.0, 30.0]


def test_of_a_week_still_coming_only_the_part_that_has_arrived_was_exposed():
    rows = pl.DataFrame({"day": weeks(3), "exposure": [100.0] * 3})
    lag = as_frame(
        PublicationLag,
        [
            {"source_id": "web", "weeks_late": late, "record_count": 1, "complete_share": share}
            for late, share in ((0, 0.5), (1, 0.97), (2, 1.0))
        ],
    )
    volumes = pl.DataFrame(
        {"week_start": weeks(3), "source_id": ["web"] * 3, "feedback_count": [20, 20, 10]}
    )
    found = week_exposure(weekly(rows), volumes, lag, weeks=weeks(3))
    assert found["exposure"].to_list() == [100.0, 100.0, 50.0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.sampled_from(["Home", "Card", None]),
            st.sampled_from(["North", None]),
            st.integers(0, 10**6),
        ),
        min_size=1,
        unique_by=lambda row: row[:3],
    )
)
def test_every_dimension_keeps_the_sum_of_the_file(rows):
    frame = pl.DataFrame(
        [
            (MONDAY + timedelta(days=day), product, region, count)
            for day, product, region, count in rows
        ],
        schema={"day": pl.Date, "product": pl.String, "region": pl.String, "exposure": pl.Float64},
        orient="row",
    )
    found = weekly(frame)
    for dimension in ("", "product", "region"):
        cells = found.filter(pl.col("dimension") == dimension)
        assert cells["exposure"].sum() == pytest.approx(frame["exposure"].sum(), rel=1e-12)


def test_orders_go_from_the_file_to_the_rate_of_an_issue(finished, tmp_path):
    import shutil

    from homes import run, week

    from assets.home import Home
    from voc_pipeline.warehouse.publish import read_published

    folder = tmp_path / "home"
    shutil.copytree(finished.path, folder, symlinks=True)
    last = 9
    lines = [f"{week(number)},{product},{500 + number}" for number in range(1, last + 1)
             for product in ("shop", "app")]  # fmt: skip
    (folder / "orders.csv").write_text("week,what,count\n" + "\n".join(lines) + "\n")
    with (folder / "settings.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[exposure]\nunit = "orders"\npaths = ["orders.csv"]\ndate = "week"\n'
            'count = "count"\ndimensions.product = "what"\n'
        )
    run(Home(folder), last, last)
    weekly = read_published(
        folder, "SELECT DISTINCT week_start, exposure FROM issue_weekly ORDER BY ALL"
    )
    told = weekly.filter(pl.col("week_start") == week(3))  # long complete, as all has arrived
    assert told["exposure"].to_list() == [2 * 503]
    cells = read_published(
        folder,
        "SELECT DISTINCT week_start, exposure FROM issue_weekly_breakdown "
        "WHERE dimension = 'product' AND cell = 'shop' ORDER BY ALL",
    )
    assert cells.row(-1) == (week(last), 500 + last)
    supplied = read_published(folder, "SELECT sum(exposure) AS s FROM supplied_exposure")
    assert supplied["s"][0] == 2 * 2 * sum(500 + number for number in range(1, last + 1))
