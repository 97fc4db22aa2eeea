"""Notices: what is wrong or new with the data of a week, so that nobody reads it as an issue.

A source's volume is judged where it is loaded (`source_health`); here it is told apart what may be
behind it, and one source gets one notice for one cause: copies of a text or late records that
explain a surge stand for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy import stats

from models.quality import DataNotice
from voc_pipeline.trends.tables import as_frame

EARLIER_WEEKS = 26
LEAST_COPIES = 20
COPIES_OF_USUAL = 4.0
COPIES_SHARE = 0.1
LEAST_NEW_CELL = 10
NEW_CELL_CHANCE = 1e-6
"""Chance that a cell heard all along would have been silent until its first record."""
LEAST_LATE = 10
LATE_OF_USUAL = 3.0
LEAST_MISSING = 5.0
MISSING_SHARE = 0.1
SHIFT_CHANCE = 0.001
SHIFT_SHARE = 0.15
"""Shares that changed hands: below it, a source's issues keep their shares, whatever the chance."""
EXPLAINED = 0.5
LONGEST_CELL = 60
_STATES = {"failed": "FAILED", "silent": "SILENT", "quiet": "QUIET"}
_Row = dict[str, object]


@dataclass(frozen=True)
class Listening:
    """What notices of a week are made from; all as known at its cutoff."""

    health: pl.DataFrame
    """Rows of models.raw.SourceHealth of the week and the weeks before."""
    issues: pl.DataFrame
    """source_id, issue_id, now_count, earlier_count (26 weeks): distinct reports, and one row per
    source with issue_id '' for its feedback without an issue."""
    copies: pl.DataFrame
    """source_id, week_start, copy_count, voice_count, top_voice_count, feedback_count: of the text
    that came most often, for the week and the 26 weeks before."""
    cells: pl.DataFrame
    """source_id, dimension, cell, cell_count, cell_before, source_count, source_before: of cells
    that earlier weeks hardly hold."""
    lag: pl.DataFrame
    """Rows of models.quality.PublicationLag."""


def issue_shares(mentions: pl.DataFrame, copies: pl.DataFrame, *, week: date) -> pl.DataFrame:
    """One row per source and issue: distinct reports of the week and of the 26 weeks before.

    The row of issue '' holds the source's other feedback.

    Args:
        mentions: current mentions.
        copies: source_id, week_start, feedback_count, for the same weeks.
        week: Monday of the week.
    """
    is_now = pl.col("week_start") == week
    span = pl.col("week_start").is_between(week - timedelta(weeks=EARLIER_WEEKS), week)
    reports = (
        mentions.filter(span)
        .select("source_id", "issue_id", "week_start", "voice_key", "text_key")
        .unique()
    )
    by_issue = reports.group_by("source_id", "issue_id").agg(
        now_count=is_now.sum().cast(pl.Int64), earlier_count=(~is_now).sum().cast(pl.Int64)
    )
    held = by_issue.group_by("source_id").agg(pl.sum("now_count"), pl.sum("earlier_count"))
    count = pl.col("feedback_count")
    rest = (
        copies.filter(span)
        .group_by("source_id")
        .agg(now=count.filter(is_now).sum(), earlier=count.filter(~is_now).sum())
        .join(held, on="source_id", how="left")
        .select(
            "source_id",
            pl.lit("").alias("issue_id"),
            (pl.col("now") - pl.col("now_count").fill_null(0)).clip(0).alias("now_count"),
            (pl.col("earlier") - pl.col("earlier_count").fill_null(0))
            .clip(0)
            .alias("earlier_count"),
        )
    )
    return pl.concat([by_issue, rest.cast(by_issue.schema)]).sort("source_id", "issue_id")


def find_notices(told: Listening, names: Mapping[str, str], *, week: date) -> pl.DataFrame:
    """One row per notice of the week (models.quality.DataNotice).

    Args:
        told: the frames, in any order.
        names: what each source is called in a sentence.
        week: Monday of the week.
    """
    rows: list[_Row] = []
    for health in told.health.filter(pl.col("week_start") == week).sort("source_id").to_dicts():
        source_id = str(health["source_id"])
        source = _Source(source_id, names.get(source_id) or source_id, health, told, week)
        rows += [{"source_id": source_id, **row} for row in source.notices()]
    rows += _new_cells(told.cells, names)
    blank: _Row = {"week_start": week, "dimension": "", "cell": None}
    return as_frame(DataNotice, [blank | row for row in rows])


@dataclass(frozen=True)
class _Source:
    """One source in its week."""

    source_id: str
    name: str
    health: Mapping[str, object]
    told: Listening
    week: date

    def notices(self) -> Iterator[_Row]:
        storm, late = self._storm(), self._late()
        yield from (row for row in (storm, late, self._provisional()) if row)
        state, expected = str(self.health["state"]), self.health["expected_count"]
        if state in _STATES:
            yield self._missing(_STATES[state])
        elif state == "surge" and expected is not None:
            extra = self._number("arrived_count") - float(str(expected))
            told = sum(float(str(row["observed_count"])) for row in (storm, late) if row)
            if told < EXPLAINED * extra:
                yield self._jump(float(str(expected)))

    def _number(self, column: str) -> float:
        return float(str(self.health[column]))

    def _missing(self, verdict: str) -> _Row:
        arrived, expected = self._number("arrived_count"), self.health["expected_count"]
        usual = "" if expected is None else f", where {float(str(expected)):,.0f} are usual"
        said = {
            "FAILED": f"{self.name} could not be read{usual}",
            "SILENT": f"{self.name} sent nothing{usual}",
            "QUIET": f"{self.name} sent {_counted(arrived, 'record')}{usual}",
        }[verdict]
        return {
            "verdict": verdict,
            "observed_count": arrived,
            "expected_count": expected,
            "reason": f"{said}; fewer reports from there are not fewer problems",
        }

    def _jump(self, expected: float) -> _Row:
        arrived = self._number("arrived_count")
        moved, chance = self._moved_share()
        held = chance > SHIFT_CHANCE or moved < SHIFT_SHARE
        said = f"{self.name} sent {_counted(arrived, 'record')}, where {expected:,.0f} are usual"
        shares = (
            "its issues kept their shares, so more was heard and nothing happened"
            if held
            else f"{moved:.0%} of its shares by issue changed hands, so something may be behind it"
        )
        return {
            "verdict": "VOLUME_JUMP" if held else "VOLUME_SHIFT",
            "observed_count": arrived,
            "expected_count": expected,
            "reason": f"{said}; {shares}",
        }

    def _moved_share(self) -> tuple[float, float]:
        """Shares by issue that changed hands against 26 weeks, beyond noise, and their chance."""
        own = self.told.issues.filter(pl.col("source_id") == self.source_id).sort("issue_id")
        table = own.select("now_count", "earlier_count").cast(pl.Float64).to_numpy().T
        sums = table.sum(axis=1, keepdims=True)
        if table.shape[1] < 2 or (sums == 0).any():
            return 0.0, 1.0
        expected = table.sum(axis=0) * sums / sums.sum()
        rare = expected.min(axis=0) < 5  # pooled, as a chi-square test wants it
        pooled = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
        expected = np.column_stack([expected[:, ~rare], expected[:, rare].sum(axis=1)])
        told = expected.min(axis=0) > 0
        square = float((((pooled - expected) ** 2)[:, told] / expected[:, told]).sum())
        shares = pooled / sums
        moved = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
        return moved, float(stats.chi2.sf(square, max(int(told.sum()) - 1, 1)))

    def _storm(self) -> _Row | None:
        own = self.told.copies.filter(pl.col("source_id") == self.source_id)
        now = own.filter(pl.col("week_start") == self.week).to_dicts()
        if not now:
            return None
        row = now[0]
        most = own.filter(pl.col("week_start") < self.week)["copy_count"].max()
        usual = float(most) if isinstance(most, int) else 0.0
        copies = int(row["copy_count"])
        least = max(LEAST_COPIES, COPIES_OF_USUAL * usual, COPIES_SHARE * row["feedback_count"])
        if copies < least:
            return None
        return {
            "verdict": "DUPLICATE_STORM",
            "observed_count": float(copies),
            "expected_count": usual,
            "reason": f"One text came {copies:,} times in {self.name}, from "
            f"{_counted(row['voice_count'], 'voice')} ({row['top_voice_count']:,} by one); "
            f"the most in the 26 weeks before was {usual:,.0f}. Each voice counts once",
        }

    def _late(self) -> _Row | None:
        own = self.told.health.filter(
            pl.col("source_id") == self.source_id, pl.col("week_start") < self.week
        ).sort("week_start")
        middle = own["late_count"].tail(8).median()
        late, usual = self._number("late_count"), float(middle or 0.0)  # type: ignore[arg-type]
        beyond = usual + 5 * (usual + 1) ** 0.5
        if own.height < 4 or late < max(LEAST_LATE, LATE_OF_USUAL * (usual + 1), beyond):
            return None
        return {
            "verdict": "LATE_RECORDS",
            "observed_count": late,
            "expected_count": usual,
            "reason": f"{self.name} brought {_counted(late, 'record')} of earlier weeks, where "
            f"{usual:,.0f} are usual; they count in their own weeks, which were published lower",
        }

    def _provisional(self) -> _Row | None:
        first = self.told.lag.filter(
            pl.col("source_id") == self.source_id, pl.col("weeks_late") == 0
        )["complete_share"].to_list()
        arrived = self._number("arrived_count") - self._number("late_count")
        if not first or not 0 < first[0] <= 1 - MISSING_SHARE:
            return None
        missing = arrived * (1 / first[0] - 1)
        if missing < LEAST_MISSING:
            return None
        return {
            "verdict": "PROVISIONAL",
            "observed_count": missing,
            "expected_count": arrived,
            "reason": f"About {missing:,.0f} records of this week are still to come from "
            f"{self.name}: {first[0]:.0%} of a week are there by its cutoff, as late as it "
            "usually is",
        }


def _new_cells(cells: pl.DataFrame, names: Mapping[str, str]) -> Iterator[_Row]:
    """Cells that came with volume and would have been heard before, had they been there."""
    fresh = cells.filter(
        pl.col("cell_count") >= LEAST_NEW_CELL,
        pl.col("source_before") > 0,
    ).sort("source_id", "dimension", "cell")
    gone = {row["source_id"] for row in fresh.to_dicts() if row["dimension"] == "source_id"}
    for row in fresh.to_dicts():
        is_source = row["dimension"] == "source_id"
        if (row["source_id"] in gone) != is_source:
            continue  # the cells of a new source are new with it
        count, known = row["cell_count"], row["cell_before"]
        whole, before = row["source_count"], row["source_before"]
        chance = float(stats.hypergeom.cdf(known, whole, count + known, before))
        if chance > NEW_CELL_CHANCE:
            continue
        name = names.get(row["source_id"]) or row["source_id"]
        what = f"{name} is new" if is_source else f"{_called(row)} is new in {name}"
        yield {
            "source_id": row["source_id"],
            "verdict": "COVERAGE_CHANGE",
            "dimension": row["dimension"],
            "cell": row["cell"],
            "observed_count": float(count),
            "expected_count": float(known),
            "reason": f"{what}: {count:,} feedback this week, {known:,} in the {before:,} before; "
            "what is heard changed before what happens",
        }


def _called(row: Mapping[str, object]) -> str:
    cell = " ".join("".join(one if one.isprintable() else " " for one in str(row["cell"])).split())
    short = cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - 1] + "…"
    return f"{str(row['dimension']).replace('customer_', '')} {short}"


def _counted(number: float, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,.0f} {noun}s"
