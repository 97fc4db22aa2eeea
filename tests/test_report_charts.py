import re
import xml.etree.ElementTree as ET
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.report import WeekSeries
from voc_pipeline.report import charts
from voc_pipeline.report.history import usual_band

FIRST = date(2025, 11, 17)
number = st.none() | st.floats(0, 1e6, allow_subnormal=False)


def series(values, lower=None, upper=None):
    none = (None,) * len(values)
    return WeekSeries(
        first_week=FIRST, values=tuple(values), lower=lower or none, upper=upper or none
    )


def drawn(svg):
    return ET.fromstring(str(svg))  # noqa: S314 (made here)


def numbers_of(root):
    for element in root.iter():
        for name in ("d", "x", "y", "cx", "cy", "width", "height"):
            yield from map(float, re.findall(r"-?\d+\.?\d*", element.get(name, "")))


@given(st.lists(st.tuples(number, number, number), min_size=1, max_size=60), st.booleans())
def test_any_series_draws_inside_its_frame(rows, has_zero):
    values, lower, upper = zip(*rows, strict=True)
    made = series(values, lower, upper)
    for svg in (
        charts.sparkline(made, "x", has_zero=has_zero),
        charts.history_chart(made, "x", is_above=False),
    ):
        root = drawn(svg)
        width, height = float(root.get("width")), float(root.get("height"))
        assert root.find("title").text == "x"
        assert all(-1 <= one <= max(width, height) + 1 for one in numbers_of(root))


def test_title_is_escaped():
    svg = charts.sparkline(series([1.0]), '</title><script>alert(1)</script>"')
    assert "<script" not in svg
    assert drawn(svg).find("title").text == '</title><script>alert(1)</script>"'


def test_gap_breaks_the_line_and_the_band():
    made = series([1.0, 2.0, None, 4.0], lower=(0.0, 0.0, None, 1.0), upper=(3.0, 3.0, None, 5.0))
    root = drawn(charts.sparkline(made, "x"))
    paths = {one.get("class"): one.get("d") for one in root.iter("path")}
    assert paths["line"].count("M") == 2
    assert paths["band"].count("M") == 2


def test_last_week_above_its_range_is_a_square_and_else_a_round_dot():
    above = drawn(charts.sparkline(series([1.0, 9.0]), "x", is_above=True))
    inside = drawn(charts.sparkline(series([1.0, 2.0]), "x"))
    assert [one.get("class") for one in above.iter("rect")] == ["above"]
    assert not list(inside.iter("rect"))
    assert [one.get("class") for one in inside.iter("circle")] == ["dot"]


def test_week_not_published_has_no_mark():
    root = drawn(charts.sparkline(series([1.0, None]), "x"))
    assert not list(root.iter("circle"))


def test_history_marks_every_week_above_its_range():
    made = series([1.0, 9.0, 2.0], lower=(0.0,) * 3, upper=(5.0,) * 3)
    root = drawn(charts.history_chart(made, "x", is_above=False))
    assert len(list(root.iter("rect"))) == 1
    assert len(list(root.iter("circle"))) == 1


def test_ratio_axis_is_logarithmic():
    def place(ratio):
        root = drawn(charts.ratio_line(ratio, None, None, "x", is_above=False))
        return float(next(root.iter("circle")).get("cx"))

    assert place(4) - place(2) == pytest.approx(place(2) - place(1), abs=0.15)
    assert place(1) - place(0.5) == pytest.approx(place(2) - place(1), abs=0.15)
    assert place(1000) == place(8)
    assert place(0) == place(0.25)


def test_interval_beyond_the_axis_ends_in_an_arrow():
    inside = drawn(charts.ratio_line(2, 1.5, 3, "x", is_above=False))
    beyond = drawn(charts.ratio_line(7, 4, 30, "x", is_above=False))
    assert len(list(beyond.iter("path"))) == len(list(inside.iter("path"))) + 1


def test_missing_ratio_says_no_history():
    root = drawn(charts.ratio_line(None, None, None, "x", is_above=False))
    assert root.find("text").text == "no history"


@pytest.mark.parametrize(("share", "width"), [(0.5, 52), (3.0, 104), (0.0, 0)])
def test_share_bar_is_full_at_all_that_was_expected(share, width):
    bars = list(drawn(charts.share_bar(share, "x")).iter("rect"))
    assert float(bars[1].get("width")) == width


def test_extra_bars_go_right_for_more_and_left_for_less():
    more = next(drawn(charts.extra_bar(30, (-10, 30), "x")).iter("rect"))
    less = next(drawn(charts.extra_bar(-10, (-10, 30), "x")).iter("rect"))
    assert float(more.get("width")) == pytest.approx(3 * float(less.get("width")), abs=0.2)
    assert float(less.get("x")) + float(less.get("width")) == pytest.approx(
        float(more.get("x")), abs=0.1
    )
    assert (more.get("class"), less.get("class")) == ("bar", "less")


@pytest.mark.parametrize("high", [1, 3, 7, 12, 99, 1234, 98765])
def test_grid_has_two_to_six_lines_from_zero(high):
    root = drawn(charts.history_chart(series([0.0, float(high)]), "x", is_above=False))
    scale = [one.text for one in root.iter("text") if one.get("class") == "scale"]
    assert scale[0] == "0"
    assert 2 <= len(scale) <= 6


def test_usual_band_needs_eight_weeks_and_ignores_gaps():
    assert usual_band([1.0] * 7 + [None] * 9) == (None, None)
    assert usual_band([*range(21), None]) == (1.0, 19.0)


@given(st.lists(st.floats(0, 1e6), min_size=8, max_size=40))
def test_usual_band_lies_within_the_values_in_any_order(values):
    lower, upper = usual_band(values)
    assert min(values) - 1e-6 <= lower <= upper <= max(values) + 1e-6
    assert usual_band(sorted(values)) == (lower, upper)
