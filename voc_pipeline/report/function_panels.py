"""One panel for each function that owns issues, and what is told of two functions at once.

A hand-off is an issue of one function of which at least 5 reports, and at least 5 %, tell of an
issue of another function too; the twelve with the largest share are shown.
"""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from models.report import FunctionGroup, HandOff, KeyFigure, ReportAction, ReportIssue, ReportQuote
from models.settings import Settings
from voc_pipeline.report import wording
from voc_pipeline.report.history import READ_WEEKS, Published
from voc_pipeline.report.issue_lines import pressure

NO_FUNCTION = "No function yet"
LEAST_TOGETHER = 5
LEAST_SHARE = 0.05
MOST_HAND_OFFS = 12


def function_groups(
    issues: Sequence[ReportIssue],
    actions: Sequence[ReportAction],
    quotes: dict[str, list[ReportQuote]],
    published: Published,
    settings: Settings,
) -> tuple[FunctionGroup, ...]:
    """Every function that owns an issue, in the order of the settings; nobody's issues last."""
    named = [(one.id, one.name, one.owner) for one in settings.functions]
    groups = []
    for function_id, name, owner in [*named, (None, NO_FUNCTION, "")]:
        owned = [one for one in issues if one.function_id == function_id]
        owned.sort(key=lambda one: (-one.feedback_count, one.issue_id))
        if not owned:
            continue
        spoken = next(
            (
                one
                for one in sorted(owned, key=pressure)
                if one.feedback_count and one.issue_id in quotes
            ),
            None,
        )
        shown = wording.cleaned(name)
        groups.append(
            FunctionGroup(
                function_id=function_id,
                name=shown,
                owner=wording.cleaned(owner),
                issue_ids=tuple(one.issue_id for one in owned),
                rate=_rate([one.issue_id for one in owned], function_id, published),
                quote=quotes[spoken.issue_id][0] if spoken else None,
                quote_issue_id=spoken.issue_id if spoken else "",
                action_ids=tuple(
                    one.action_id
                    for one in actions
                    if one.function_name == shown and one.state == "open"
                ),
            )
        )
    return tuple(groups)


def _rate(issue_ids: list[str], function_id: str | None, published: Published) -> KeyFigure | None:
    if function_id is None:
        return None
    by_week = {}
    for back in range(READ_WEEKS - 1, -1, -1):
        monday = published.week - timedelta(weeks=back)
        rate = published.rate(issue_ids, "feedback_count", monday)
        if rate is not None:
            by_week[monday] = rate
    series = published.banded(by_week)
    return KeyFigure(
        name="Reports per 1,000 feedback",
        unit="per_thousand",
        value=series.values[-1],
        of_count=None,
        previous=series.values[-2],
        usual_lower=series.lower[-1],
        usual_upper=series.upper[-1],
        note="",
        series=series,
        measure="function_rate",
    )


def hand_offs(
    shared: pl.DataFrame, issues: Sequence[ReportIssue], groups: Sequence[FunctionGroup]
) -> tuple[HandOff, ...]:
    """Issues of one function whose reports tell of another function's issue too."""
    if shared.is_empty():
        return ()
    names: dict[str | None, str] = {
        one.function_id: one.name for one in groups if one.function_id is not None
    }
    by_id = {one.issue_id: one for one in issues if one.function_id in names}
    columns = ["issue_id", "other_issue_id", "feedback_count"]
    rows = shared.select(columns).sort(columns).rows()
    whole = {issue_id: count for issue_id, other, count in rows if issue_id == other}
    found = []
    for issue_id, other_id, count in rows:
        felt, cause = by_id.get(issue_id), by_id.get(other_id)
        if felt is None or cause is None or felt.function_id == cause.function_id:
            continue
        if count < LEAST_TOGETHER or count < LEAST_SHARE * whole[issue_id]:
            continue
        if whole[issue_id] > whole[other_id]:  # told from the side where it weighs more
            continue
        found.append(
            HandOff(
                cause_name=names[cause.function_id],
                cause_issue_id=other_id,
                cause_label=cause.label,
                felt_name=names[felt.function_id],
                felt_issue_id=issue_id,
                felt_label=felt.label,
                feedback_count=count,
                of_count=whole[issue_id],
            )
        )
    found.sort(key=lambda one: (-one.feedback_count / one.of_count, one.felt_issue_id))
    return tuple(found[:MOST_HAND_OFFS])
