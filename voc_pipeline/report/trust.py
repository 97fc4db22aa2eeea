"""What the reader needs in order to trust or doubt the figures: sources, ledger, set aside.

Reads tables of the loads and of the health of sources; knows no issue's verdict.
"""

from datetime import date, timedelta
from hashlib import md5

import polars as pl

from models.report import (
    ArrivalLag,
    BackTestBand,
    LoadBalance,
    RestatedFigure,
    SetAside,
    SourceLine,
)
from models.settings import Settings
from voc_pipeline.report import wording

LEDGER_COLUMNS = (
    "fetched_count",
    "loaded_count",
    "revised_count",
    "deleted_count",
    "duplicate_count",
    "rejected_count",
    "suppressed_count",
    "outside_window_count",
)
UNKNOWN = "unknown"
MISSING = ("failed", "silent", UNKNOWN)
ODD = ("quiet", "surge")
MOST_SET_ASIDE = 40
MOST_RESTATED = 12
LAG_WEEKS = 26
_BANDS = {
    "all": "Whatever is expected",
    "under 1": "Fewer than one",
    "1 to 3": "One to three",
    "3 to 10": "Three to ten",
    "10 and more": "Ten and more",
}


def source_names(settings: Settings) -> dict[str, str]:
    """What each configured source is called on the report."""
    return {one.id: wording.cleaned(one.name) or one.id for one in settings.sources}


def source_lines(health: pl.DataFrame, settings: Settings, week: date) -> list[SourceLine]:
    """Every configured source, and every other with a row for the week; worst state first."""
    names = source_names(settings)
    channels = {one.id: str(one.channel) for one in settings.sources}
    rows: dict[str, list[dict[str, object]]] = {source_id: [] for source_id in names}
    for row in health.filter(pl.col("week_start") <= week).sort("week_start").iter_rows(named=True):
        rows.setdefault(row["source_id"], []).append(row)
    lines = []
    for source_id, weeks in rows.items():
        if source_id not in names and (not weeks or weeks[-1]["week_start"] != week):
            continue
        current = weeks[-1] if weeks and weeks[-1]["week_start"] == week else None
        named = {
            "source_id": source_id,
            "name": names.get(source_id, wording.cleaned(source_id)),
            "channel": wording.cleaned(str((current or {}).get("channel") or channels[source_id])),
        }
        lines.append(_line(named, current, weeks))
    order = [*MISSING, *ODD, "not started", "ok"]
    return sorted(
        lines, key=lambda line: (order.index(line.state), not line.expected_count, line.source_id)
    )


def _line(
    named: dict[str, str], current: dict[str, object] | None, weeks: list[dict[str, object]]
) -> SourceLine:
    if current is None:
        return SourceLine.model_validate(
            {
                **named,
                "state": UNKNOWN if weeks else "not started",
                "state_weeks": 1,
                "expected_count": None,
                "arrived_count": 0,
                "late_count": 0,
                "rejected_count": 0,
                "last_seen_at": weeks[-1]["last_seen_at"] if weeks else None,
                "message": "",
            }
        )
    state_weeks = 0
    for row in reversed(weeks):
        if row["state"] != current["state"]:
            break
        state_weeks += 1
    taken = ("state", "expected_count", "arrived_count", "late_count", "rejected_count")
    return SourceLine.model_validate(
        {
            **named,
            **{column: current[column] for column in (*taken, "last_seen_at")},
            "state_weeks": state_weeks,
            "message": wording.cleaned(str(current["message"] or ""), wording.SENTENCE_LIMIT),
        }
    )


def back_test(held: pl.DataFrame) -> list[BackTestBand]:
    """How the ranges and alarms published so far held, by expected count, and in all."""
    rows = {row["volume_band"]: row for row in held.iter_rows(named=True)}
    return [
        BackTestBand(
            name=name,
            key=band,
            **{
                column: rows[band][column]
                for column in (
                    "issue_week_count", "inside_share", "above_share", "alarm_count",
                    "alarms_per_week", "chance_alarms_per_week",
                )
            },
        )
        for band, name in _BANDS.items()
        if band in rows and rows[band]["issue_week_count"]
    ]  # fmt: skip


def lags(health: pl.DataFrame, settings: Settings, week: date) -> list[ArrivalLag]:
    """How much of what each source sent in 26 weeks came with its own week, the latest last.

    A source's first week is left out: it brings what was there before we listened.
    """
    names = source_names(settings)
    sent = health.filter((pl.col("arrived_count") > 0) & (pl.col("week_start") <= week))
    first = pl.col("week_start").min().over("source_id")
    recent = sent.filter(
        pl.col("week_start") > first, pl.col("week_start") > week - timedelta(weeks=LAG_WEEKS)
    )
    rows = recent.group_by("source_id").agg(
        record_count=pl.col("arrived_count").sum(), late=pl.col("late_count").sum()
    )
    return [
        ArrivalLag(
            source_id=source_id,
            name=names.get(source_id, wording.cleaned(source_id)),
            record_count=count,
            in_week_share=round(1 - late / count, 6),
        )
        for source_id, count, late in rows.sort("source_id").iter_rows()
    ]


def balances(loads: pl.DataFrame, settings: Settings) -> list[LoadBalance]:
    """The ledger of the given loads by source, and the sum of all; empty without loads."""
    if loads.is_empty():
        return []
    names = source_names(settings)
    columns = [pl.col(column).sum() for column in LEDGER_COLUMNS]
    rows = loads.group_by("source_id").agg(columns).sort("source_id").to_dicts()
    lines = [
        LoadBalance(name=names.get(row["source_id"], wording.cleaned(row["source_id"])), **row)
        for row in rows
    ]
    total = loads.select(columns).to_dicts()[0]
    return [*lines, LoadBalance(source_id="", name="All sources", **total)]


def set_aside(rejects: pl.DataFrame, settings: Settings) -> list[SetAside]:
    """What this week's loads did not use: most frequent first, at most 40 kinds."""
    names = source_names(settings)
    order = ["reject_count", "source_id", "scope", "reason", "remedy"]
    rows = rejects.select(order).sort(order, descending=[True, False, False, False, False])
    return [
        SetAside(
            source_name=names.get(source_id, wording.cleaned(source_id)),
            scope=scope,
            reason=wording.cleaned(reason, wording.SENTENCE_LIMIT),
            remedy=wording.cleaned(remedy, wording.SENTENCE_LIMIT),
            reject_count=count,
            key=md5(
                f"{source_id}\x1f{scope}\x1f{reason}".encode(), usedforsecurity=False
            ).hexdigest(),
        )
        for count, source_id, scope, reason, remedy in rows.head(MOST_SET_ASIDE).iter_rows()
    ]


def restated(
    restatements: pl.DataFrame, labels: dict[str, str], week: date
) -> list[RestatedFigure]:
    """Figures of earlier weeks that this week's run changed: what matters most, at most 12.

    Verdicts first, then counts by the size of their change, then the rest; the latest week first
    in each.
    """
    columns = ["week_start", "issue_id", "figure", "was_value", "is_value", "reason"]
    change = pl.col("is_value").cast(pl.Float64, strict=False) - pl.col("was_value").cast(
        pl.Float64, strict=False
    )
    rank = (
        pl.when((pl.col("figure") == "verdict") & pl.col("was_value").is_not_null())
        .then(0)
        .when(pl.col("figure") == "feedback_count")
        .then(1)
        .otherwise(2)
    )
    rows = (
        restatements.filter(pl.col("as_of_week") == week)
        .with_columns(rank=rank, change=change.abs().fill_null(0.0))
        .sort(
            "rank",
            "change",
            "week_start",
            "issue_id",
            "figure",
            descending=[False, True, True, False, False],
        )
        .select(columns)
    )
    return [
        RestatedFigure(
            week_start=monday,
            issue_id=issue_id,
            label=labels.get(issue_id, issue_id) if issue_id else "The whole week",
            figure=wording.cleaned(figure),
            was_value=wording.cleaned(was) or "nothing",
            is_value=wording.cleaned(now) or "nothing",
            reason=reason,
        )
        for monday, issue_id, figure, was, now, reason in rows.head(MOST_RESTATED).iter_rows()
    ]
