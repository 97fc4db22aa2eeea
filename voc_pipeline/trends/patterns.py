"""Patterns: did a week's reports of an issue come from one account, one text, one hour, one batch?

An hour is judged against the hours of all feedback of the same sources, all hours counted, so that
a source that knows days only, or is read once a night, makes no pattern. The sentence of an issue
is written here too; no word of a customer is in it but the names of cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from scipy import special

from models.place import IssuePattern
from voc_pipeline.trends.places import Places
from voc_pipeline.trends.tables import as_frame

LEVEL = 0.05
LEAST_REPORTS = 5
LEAST_SHARE_OF_EXCESS = 0.5
ONE_SOURCE_SHARE = 0.95
LONGEST_CELL = 60
_CALLED = {
    "product": "product",
    "region": "region",
    "customer_segment": "segment",
    "channel": "channel",
    "source_id": "source",
    "touchpoint": "touchpoint",
}


def find_patterns(
    flagged: pl.DataFrame,
    reports: pl.DataFrame,
    hours: pl.DataFrame,
    places: Places,
    *,
    week: date,
) -> pl.DataFrame:
    """One row per flagged issue with reports in the week (models.place.IssuePattern).

    Args:
        flagged: issue_id and expected_count (not null).
        reports: issue_id, week_start, voice_key, text_key, source_id, occurred_at, received_at:
            one row per report of the week.
        hours: source_id, occurred_hour, received_hour, feedback_count of all the week's feedback.
        places: what `find_places` found for the same issues.
        week: Monday of the week.
    """
    known = dict(flagged.select("issue_id", "expected_count").rows())
    findings = {row["issue_id"]: row for row in places.rows.filter(pl.col("is_finding")).to_dicts()}
    sources = hours["source_id"].n_unique()
    rows = []
    now = reports.filter(pl.col("week_start") == week, pl.col("issue_id").is_in(list(known))).sort(
        "issue_id", "voice_key", "text_key"
    )
    for (issue_id,), own in now.group_by("issue_id", maintain_order=True):
        found = _Found(own, float(known[issue_id]), hours, is_only_source=sources == 1)
        row = {"week_start": week, "issue_id": issue_id, **found.figures()}
        row["searched_count"] = places.searched.get(str(issue_id), 0)
        row["reason"] = _sentence(row, float(known[issue_id]), findings.get(str(issue_id)))
        rows.append(row)
    return as_frame(IssuePattern, rows)


@dataclass(frozen=True)
class _Found:
    """The reports of one issue and week, looked at from every side."""

    own: pl.DataFrame
    expected: float
    hours: pl.DataFrame
    is_only_source: bool

    def figures(self) -> dict[str, object]:
        voices, sources = (_counts(self.own, name) for name in _COUNTED)
        top_voice, top_text = voices[0][1], self._voices_of_top_text()
        said, said_count, is_hour = self._top("occurred_at", "occurred_hour")
        batch, batch_count, is_batch = self._top("received_at", "received_hour")
        count = self.own.height
        source, held = sources[0]
        is_one_source = count >= LEAST_REPORTS and held >= ONE_SOURCE_SHARE * count
        return {
            "feedback_count": count,
            "excess_count": count - self.expected,
            "voice_count": len(voices),
            "top_voice_count": top_voice,
            "top_text_count": top_text,
            "top_hour": said,
            "top_hour_count": said_count,
            "top_batch": batch,
            "top_batch_count": batch_count,
            "only_source_id": source if is_one_source and not self.is_only_source else None,
            "is_one_account": self._is_enough(top_voice),
            "is_one_text": self._is_enough(top_text),
            "is_one_hour": is_hour,
            "is_one_batch": is_batch,
        }

    def _is_enough(self, count: int) -> bool:
        """Whether so many reports alone are most of what is more than usual."""
        excess = self.own.height - self.expected
        return count >= LEAST_REPORTS and excess > 0 and count >= LEAST_SHARE_OF_EXCESS * excess

    def _voices_of_top_text(self) -> int:
        by_text = self.own.group_by("text_key").agg(pl.col("voice_key").n_unique())
        return int(by_text.select(pl.col("voice_key").max()).item())

    def _top(self, instant: str, hour: str) -> tuple[datetime | None, int, bool]:
        """The fullest hour, its reports, and whether it is full beyond chance."""
        own = self.own.with_columns(pl.col(instant).dt.truncate("1h").alias("hour"))
        counts = _counts(own.drop_nulls("hour"), "hour")
        if not counts:
            return None, 0, False
        top, count = counts[0]
        if not self._is_enough(count):
            return top, count, False
        alone = self.own.height - count
        share, searched = self._usual_share(own, hour, top)
        chance = special.betainc(count, alone + 1, share) if share < 1 else 1.0
        return top, count, bool(searched * chance <= LEVEL)

    def _usual_share(self, own: pl.DataFrame, hour: str, top: datetime) -> tuple[float, int]:
        """Share of the hour in the other feedback of the same sources, and the hours there are."""
        whole = self.hours.group_by("source_id", pl.col(hour).alias("hour")).agg(
            pl.col("feedback_count").sum()
        )
        mine = own.group_by("source_id", "hour").agg(own_count=pl.len())
        others = (
            whole.join(mine, on=["source_id", "hour"], how="left")
            .with_columns(
                left=(pl.col("feedback_count") - pl.col("own_count").fill_null(0)).clip(0)
            )
            .group_by("source_id")
            .agg(pl.col("left").filter(pl.col("hour") == top).sum().alias("held"), pl.sum("left"))
        )
        usual = own.join(others, on="source_id", how="left").select(
            ((pl.col("held").fill_null(0) + 0.5) / (pl.col("left").fill_null(0) + 1)).mean()
        )
        return min(float(usual.item()), 1.0), whole["hour"].n_unique()


_COUNTED = ("voice_key", "source_id")


def _counts(rows: pl.DataFrame, column: str) -> list[tuple[Any, int]]:
    """Values of a column with their counts, most first."""
    return rows.group_by(column).len().sort(["len", column], descending=[True, False]).rows()


def _sentence(
    row: Mapping[str, object], expected: float, finding: Mapping[str, object] | None
) -> str:
    """Where the excess sits, with its numbers."""
    parts = [f"{_reports(row['feedback_count'])} where {expected:.1f} were expected"]
    if finding is None:
        parts.append(f"no place stands out of {row['searched_count']:,} searched")
    else:
        parts.append(
            f"{finding['feedback_count']:,} of them {_place(finding)}, where "
            f"{finding['expected_count']:.1f} were expected (chance {_chance(finding['p_value'])} "
            f"over {row['searched_count']:,} places searched)"
        )
        if finding["is_new_cell"]:
            parts.append(
                "nothing came from there in the 26 weeks before, so coverage changed first"
            )
    if row["is_one_account"]:
        parts.append(f"one account wrote {row['top_voice_count']:,}")
    if row["is_one_text"]:
        parts.append(f"{row['top_text_count']:,} voices used the same words")
    if row["is_one_hour"]:
        parts.append(f"{row['top_hour_count']:,} were said in the hour of {_hour(row['top_hour'])}")
    if row["is_one_batch"]:
        parts.append(
            f"{row['top_batch_count']:,} were received in the hour of {_hour(row['top_batch'])}"
        )
    if row["only_source_id"]:
        parts.append(f"only source {row['only_source_id']} tells of it")
    return "; ".join(parts)


def _reports(count: object) -> str:
    return "1 report" if count == 1 else f"{count:,} reports"


def _place(finding: Mapping[str, object]) -> str:
    pairs = [("dimension", "cell"), ("second_dimension", "second_cell")]
    named = [
        f"in {_CALLED[str(finding[dimension])]} {_plain(str(finding[cell]))}"
        for dimension, cell in pairs
        if finding[dimension]
    ]
    return " and ".join(named)


def _plain(cell: str) -> str:
    """A cell's name without control characters, at most `LONGEST_CELL` long."""
    text = " ".join("".join(one if one.isprintable() else " " for one in cell).split())
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def _chance(p_value: object) -> str:
    value = float(str(p_value))
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"


def _hour(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:00} UTC"
