"""The conclusion's rules and the way numbers and dates are written."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voc_pipeline.report import wording
from voc_pipeline.report.headline import Situation, conclusion
from voc_pipeline.report.page import whole_parts


@pytest.mark.parametrize(
    ("situation", "headline", "rest"),
    [
        (Situation(100, 60, tracked=20), "A quiet week: no problem moved beyond chance.",
         "All 20 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=1), "A quiet week: no problem moved beyond chance.",
         "The one tracked issue moved no more than usual."),
        (Situation(100, 60, tracked=20, missing_sources=1),
         "No problem moved beyond chance, in the feedback that arrived.",
         "All 20 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=20, jumped=1, jumped_above=1, only_label="Charged twice"),
         "“Charged twice” has jumped above its usual range.",
         "The other 19 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=2, new=1, only_label="Frozen app"),
         "“Frozen app” is a new problem.",
         "The one other tracked issue moved no more than usual."),
        (Situation(100, 60, tracked=1, rising=1, only_label="Late"), "“Late” is rising.",
         "No other issue is tracked."),
        (Situation(100, 60, tracked=20, jumped=2, jumped_above=1, rising=1, new=3),
         "Two problems have jumped, one is rising and three are new.",
         "The other 14 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=20, lasting=1, new=2),
         "One problem stays high and two are new.",
         "The other 17 tracked issues moved no more than usual."),
        (Situation(100, 60, tracked=30, jumped=12, jumped_above=12, falling=2, resolved=1, early=1),
         "12 problems have jumped above their usual range.",
         ("Of the other 18 tracked issues, 14 moved no more than usual, two are falling, one looks "
          "resolved and one is too new to judge.")),
        (Situation(100, 60, tracked=90, steady_above=2, usual_above_count=2.2),
         "A quiet week: no problem moved beyond chance.",
         ("All 90 tracked issues moved no more than usual. Two of them are above their range; "
          "in a usual week about 2 would be.")),
        (Situation(100, 3, tracked=5, early=5),
         "Too early to judge: this is week 4 of the history.",
         ("5 issues are tracked. Issues are judged after 8 weeks; until then counts have no usual "
          "range.")),
        (Situation(1, 0), "Listening has begun. No problem has been named yet.",
         "First week: 1 piece of feedback read; problems are judged from week 9."),
        (Situation(30, 12), "No problem is being tracked yet.",
         "30 pieces of feedback read this week; too few said the same thing."),
        (Situation(0, 12, tracked=5), "No feedback arrived this week.",
         ("Nothing can be said about any issue. Check the sources before reading this as good "
          "news.")),
    ],
)  # fmt: skip
def test_conclusion_follows_its_rules(situation, headline, rest):
    assert conclusion(situation) == (headline, rest)


@given(st.lists(st.integers(0, 40), min_size=8, max_size=8), st.integers(0, 3))
def test_conclusion_is_grammatical_for_any_counts(counts, missing):
    names = ("jumped", "rising", "new", "falling", "resolved", "early", "lasting")
    known = dict(zip(names, counts[:7], strict=True))
    situation = Situation(
        500, 60, tracked=sum(counts), jumped_above=known["jumped"] // 2, missing_sources=missing,
        **known,
    )  # fmt: skip
    text = " ".join(conclusion(situation))
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")
    assert not re.search(r"\b(one|1) (problems|issues|are|have|keep|look|stay)\b", text.lower())
    assert not re.search(
        r"\b(two|three|[2-9]|\d\d) (problem|is|has|keeps|looks|stays)\b", text.lower()
    )
    assert not re.search(r"\b0 ", text)
    assert "  " not in text


def test_dates_say_month_and_year_once():
    assert wording.week_days(date(2026, 11, 9)) == "9\N{EN DASH}15 November 2026"
    assert wording.week_days(date(2026, 9, 28)) == "28 September \N{EN DASH} 4 October 2026"
    assert wording.week_days(date(2025, 12, 29)) == "29 December 2025 \N{EN DASH} 4 January 2026"


@given(st.floats(0, 500), st.floats(0, 500), st.integers(0, 1000))
def test_range_shown_holds_exactly_the_counts_inside(first, second, count):
    lower, upper = sorted((first, second))
    low, high = (
        int(end.replace(",", "")) for end in wording.span(lower, upper).split(wording.DASH)
    )
    assert (count > high) == (count > upper)
    assert low <= high


def test_numbers_are_grouped_and_signed():
    assert wording.grouped(1234567) == "1,234,567"
    assert wording.grouped(-3) == wording.MINUS + "3"
    assert wording.percent(0.3914) == "39.1%"
    assert wording.times(2.44) == "2.4" + wording.TIMES


@given(st.lists(st.integers(-4000, 4000).map(lambda eighths: eighths / 8), max_size=6))
def test_parts_shown_sum_to_the_change_shown(parts):
    shown = whole_parts(parts)
    assert sum(shown) == round(sum(parts))
    assert all(abs(one - part) < 1 for one, part in zip(shown, parts, strict=True))
