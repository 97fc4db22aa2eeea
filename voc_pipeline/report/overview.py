"""The week at a glance: its conclusion, its four key figures, and how sure the ranges are."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from models.report import KeyFigure, ReportAction, ReportIssue, Sureness, WeekSeries
from models.settings import Settings
from voc_pipeline.report import wording
from voc_pipeline.report.headline import Situation
from voc_pipeline.report.history import Published
from voc_pipeline.report.issue_lines import PRESSING, has_row

NOMINAL_INSIDE = 0.95
ALL_BANDS = "all"
_NAMES = {
    "problem_rate": "Problem reports per 1,000 feedback",
    "negative_share": "Negative share of feedback",
    "issues_above": "Issues above usual range",
    "feedback_count": "Feedback received",
    "asks_done": "Last week's asks",
}


def sureness_of(issues: list[ReportIssue], back_test: pl.DataFrame, settings: Settings) -> Sureness:
    """How the ranges held so far, and how many issues a usual week has above them."""
    judged = [one for one in issues if one.upper_bound is not None]
    row: dict[str, Any] = next(
        (one for one in back_test.iter_rows(named=True) if one["volume_band"] == ALL_BANDS), {}
    )
    inside, measured = row.get("inside_share"), row.get("above_share")
    # A range leaves half of what it misses above it.
    above = (1 - NOMINAL_INSIDE) / 2 if measured is None else measured
    return Sureness(
        judged_count=len(judged),
        above_count=sum(one.is_above for one in judged),
        usual_above_count=round(above * len(judged), 6),
        inside_share=inside,
        above_share=measured,
        issue_week_count=row.get("issue_week_count") if measured is not None else None,
        nominal_inside_share=NOMINAL_INSIDE,
        nominal_false_share=settings.engine.alarm_level,
    )


def situation_of(
    issues: list[ReportIssue], published: Published, sureness: Sureness, missing_sources: int
) -> Situation:
    """The counts that the conclusion depends on."""
    told = [one for one in issues if one.verdict not in PRESSING or has_row(one)]
    hidden = [one for one in issues if one.verdict in PRESSING and not has_row(one)]

    def having(verdict: str) -> list[ReportIssue]:
        return [one for one in told if one.verdict == verdict and not one.is_muted]

    spiking = having("SPIKING")
    jumped = [one for one in spiking if not one.is_lasting]
    moved = [*spiking, *having("RISING"), *having("NEW")]
    return Situation(
        feedback_count=round(published.whole("feedback_count").get(published.week, 0)),
        history_weeks=published.history_weeks,
        tracked=len(issues),
        jumped=len(jumped),
        jumped_above=sum(one.is_above for one in jumped),
        lasting=len(spiking) - len(jumped),
        rising=len(having("RISING")),
        new=len(having("NEW")),
        falling=len(having("DECLINING")),
        resolved=len(having("RESOLVED")),
        early=len(having("INSUFFICIENT_HISTORY")),
        muted=sum(one.is_muted for one in issues),
        small=sum(not one.is_muted for one in hidden),
        steady_above=sum(
            one.is_above and one.verdict not in PRESSING and not one.is_muted for one in issues
        ),
        usual_above_count=sureness.usual_above_count,
        missing_sources=missing_sources,
        only_label=moved[0].label if len(moved) == 1 else "",
    )


def key_figures(
    published: Published, sureness: Sureness, asks: Sequence[ReportAction]
) -> tuple[KeyFigure, ...]:
    """The four figures of page one: rate, share, issues above, and last week's asks done.

    Without an ask of an earlier week the fourth is the feedback received.
    """
    received = published.whole("feedback_count")
    problems = published.whole("problem_count")
    rate = {
        monday: 1000 * problems[monday] / count
        for monday, count in received.items()
        if count > 0 and monday in problems
    }
    negative = published.whole("negative_share")
    figures = [
        _key_figure(published, ("problem_rate", "per_thousand"), rate),
        _key_figure(published, ("negative_share", "share"), negative),
        _key_figure(published, ("issues_above", "count"), published.above()).model_copy(
            update={
                "of_count": sureness.judged_count,
                "note": f"usually {wording.about(sureness.usual_above_count)}",
            }
        ),
    ]
    if not asks:
        return (*figures, _key_figure(published, ("feedback_count", "count"), received))
    done = sum(one.state == "done" for one in asks)
    nothing = WeekSeries(first_week=published.week, values=(None,), lower=(None,), upper=(None,))
    last = KeyFigure(
        name=_NAMES["asks_done"],
        unit="count",
        value=done,
        of_count=len(asks),
        previous=None,
        usual_lower=None,
        usual_upper=None,
        note=_asks_note(asks),
        series=nothing,
        measure="asks_done",
    )
    return (*figures, last)


def _asks_note(asks: Sequence[ReportAction]) -> str:
    late = [one for one in asks if one.is_overdue]
    if late:
        days = wording.counted(late[0].overdue_days, "day", "days")
        longest = "" if len(late) == 1 else "the longest "
        return f"{wording.number_word(len(late))} overdue, {longest}by {days}"
    waiting = sum(one.state == "open" for one in asks)
    return "none overdue" if waiting else "none left open"


def _key_figure(
    published: Published, measure: tuple[str, str], by_week: dict[date, float]
) -> KeyFigure:
    series = published.banded(by_week)
    name, unit = measure
    return KeyFigure.model_validate(
        {
            "name": _NAMES[name],
            "unit": unit,
            "value": series.values[-1],
            "of_count": None,
            "previous": series.values[-2],
            "usual_lower": series.lower[-1],
            "usual_upper": series.upper[-1],
            "note": "",
            "series": series,
            "measure": name,
        }
    )
