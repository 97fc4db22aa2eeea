"""Where an excess sits: contributions that sum to it, a search that counts what it searched."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.place import DIMENSIONS, IssuePlace
from voc_pipeline.trends.places import find_places

WEEK = date(2026, 3, 2)
PRODUCTS, CHANNELS = ("Home", "Card", "App", None), ("call", "chat", "email")
REGIONS = ("North", "South", "East", "West", "Isles")


def reports(rng, count: int, *, weeks_back: int, issue: str = "A", **fixed) -> pl.DataFrame:
    """Reports that fall on cells by chance, but for the cells that are fixed."""
    drawn = {
        "product": rng.choice(len(PRODUCTS), count, p=(0.4, 0.3, 0.2, 0.1)),
        "channel": rng.choice(len(CHANNELS), count, p=(0.5, 0.3, 0.2)),
        "region": rng.choice(len(REGIONS), count),
    }
    columns = {
        "product": [PRODUCTS[one] for one in drawn["product"]],
        "channel": [CHANNELS[one] for one in drawn["channel"]],
        "region": [REGIONS[one] for one in drawn["region"]],
        "customer_segment": [None] * count,
        "touchpoint": [None] * count,
    }
    for name, value in fixed.items():
        columns[name] = [value] * count
    columns["source_id"] = [f"from_{one}" for one in columns["channel"]]
    week = WEEK - timedelta(weeks=weeks_back)
    frame = pl.DataFrame({"issue_id": [issue] * count, "week_start": [week] * count, **columns})
    return frame.cast(dict.fromkeys(DIMENSIONS, pl.String))


def history(rng, a_week: int) -> list[pl.DataFrame]:
    return [spread(reports(rng, 26 * a_week, weeks_back=0), first_back=1)]


def spread(frame: pl.DataFrame, *, first_back: int) -> pl.DataFrame:
    """The same reports over the weeks from `first_back` to 26 weeks back."""
    back = first_back + pl.int_range(pl.len()) % (27 - first_back)
    return frame.with_columns(week_start=pl.lit(WEEK) - back * pl.duration(weeks=1))


@cache
def others() -> pl.DataFrame:
    return spread(reports(np.random.default_rng(0), 27 * 150, weeks_back=0), first_back=0)


def cells_of(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All feedback counted by joint cell."""
    rows = pl.concat(frames)
    return rows.group_by("week_start", *DIMENSIONS).agg(feedback_count=pl.len())


def found(now: Iterable[pl.DataFrame], *, expected: float = 10.0, seed: int = 5, a_week: int = 8):
    rng = np.random.default_rng(seed)
    own = [*now, *history(rng, a_week)]
    flagged = pl.DataFrame({"issue_id": ["A"], "expected_count": [expected]})
    places = find_places(flagged, pl.concat(own), cells_of([*own, others()]), week=WEEK)
    assert places.rows.columns == list(IssuePlace.model_fields)
    return places


def finding(places) -> dict[str, object] | None:
    rows = places.rows.filter(pl.col("is_finding")).to_dicts()
    assert len(rows) <= 1
    return rows[0] if rows else None


def test_an_excess_in_one_product_is_found_with_its_contribution():
    rng = np.random.default_rng(1)
    now = [reports(rng, 10, weeks_back=0), reports(rng, 20, weeks_back=0, product="Card")]
    row = finding(found(now))
    assert (row["dimension"], row["cell"], row["second_dimension"]) == ("product", "Card", "")
    assert row["p_value"] < 0.001
    assert row["contribution"] > 15


def test_an_excess_in_a_pair_of_cells_is_found_as_the_pair():
    rng = np.random.default_rng(2)
    planted = reports(rng, 18, weeks_back=0, product="App", region="Isles")
    row = finding(found([reports(rng, 12, weeks_back=0), planted]))
    assert {row["dimension"], row["second_dimension"]} == {"product", "region"}
    assert {row["cell"], row["second_cell"]} == {"App", "Isles"}
    assert row["feedback_count"] >= 18


def test_an_excess_that_lies_as_usual_has_no_place():
    rng = np.random.default_rng(3)
    assert finding(found([reports(rng, 40, weeks_back=0)])) is None


def test_a_cell_without_feedback_before_is_a_change_of_coverage():
    rng = np.random.default_rng(4)
    now = [reports(rng, 8, weeks_back=0), reports(rng, 12, weeks_back=0, product="Airline")]
    row = finding(found(now))
    assert (row["cell"], row["is_new_cell"]) == ("Airline", True)


def test_a_source_with_ten_times_the_volume_is_expected_to_hold_more():
    rng = np.random.default_rng(6)
    own = [reports(rng, 30, weeks_back=0, channel="call"), *history(rng, 8)]
    flagged = pl.DataFrame({"issue_id": ["A"], "expected_count": [25.0]})
    calm = find_places(flagged, pl.concat(own), cells_of([*own, others()]), week=WEEK)
    flood = reports(rng, 1500, weeks_back=0, channel="call")
    flooded = find_places(flagged, pl.concat(own), cells_of([*own, others(), flood]), week=WEEK)
    assert finding(calm)["cell"] == "call"
    assert finding(flooded) is None


def test_one_in_twenty_at_most_of_ordinary_excesses_gets_a_place():
    claims = [
        finding(found([reports(np.random.default_rng(seed), 30, weeks_back=0)], seed=seed))
        for seed in range(100, 150)
    ]
    assert sum(one is not None for one in claims) <= 2


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 60),
    st.floats(0, 1e4, allow_nan=False).map(lambda one: float(f"{one:.6g}")),
)
def test_the_cells_of_every_dimension_sum_to_the_excess(seed, count, expected):
    rng = np.random.default_rng(seed)
    places = found([reports(rng, count, weeks_back=0)], expected=expected, seed=seed, a_week=2)
    singles = places.rows.filter(pl.col("second_dimension") == "")
    assert set(singles["dimension"]) == set(DIMENSIONS)
    for _, rows in singles.group_by("dimension"):
        assert rows["feedback_count"].sum() == count
        assert rows["contribution"].sum() == pytest.approx(count - expected, abs=2e-6)
        assert rows["usual_share"].sum() == pytest.approx(1, abs=1e-4)


def test_the_order_of_the_rows_changes_nothing():
    rng = np.random.default_rng(8)
    own = [reports(rng, 25, weeks_back=0), *history(rng, 4)]
    flagged = pl.DataFrame({"issue_id": ["A"], "expected_count": [9.87654]})
    one = find_places(flagged, pl.concat(own), cells_of([*own, others()]), week=WEEK)
    other = find_places(
        flagged,
        pl.concat(own).sample(fraction=1, shuffle=True, seed=1),
        cells_of([*own, others()]).sample(fraction=1, shuffle=True, seed=2),
        week=WEEK,
    )
    assert one.rows.equals(other.rows)


def test_an_issue_without_history_is_held_against_all_feedback():
    rng = np.random.default_rng(9)
    own = reports(rng, 15, weeks_back=0, region="Isles")
    flagged = pl.DataFrame({"issue_id": ["A"], "expected_count": [0.5]})
    row = finding(find_places(flagged, own, cells_of([own, others()]), week=WEEK))
    assert row["cell"] == "Isles"


def test_alone_in_the_world_an_issue_has_no_place():
    rng = np.random.default_rng(9)
    own = reports(rng, 15, weeks_back=0, region="Isles")
    flagged = pl.DataFrame({"issue_id": ["A"], "expected_count": [0.5]})
    assert finding(find_places(flagged, own, cells_of([own]), week=WEEK)) is None


def test_thousands_of_reports_are_no_trouble():
    rng = np.random.default_rng(10)
    now = [reports(rng, 5000, weeks_back=0), reports(rng, 4000, weeks_back=0, region="Isles")]
    row = finding(found(now, expected=5000.0))
    assert row["cell"] == "Isles"
