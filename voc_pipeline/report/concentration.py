"""Where an issue's reports of this week stand out, by one stated rule.

For every dimension and cell that is stated: excess = reports in the cell less the cell's usual
share of the issue's reports. The usual share is the issue's own in the 8 weeks before; an issue
with fewer than 20 reports in them is compared with all issues together. A cell is named if it
holds at least 5 reports, the excess is at least 3 and at least 3 standard deviations of a
binomial draw with the usual share; of several, the one with the largest excess.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

import polars as pl

from models.report import Concentration, Dimension
from voc_pipeline.report import wording

EARLIER_WEEKS = 8
LEAST_OWN_HISTORY = 20
LEAST_CELL = 5
LEAST_EXCESS = 3.0
LEAST_DEVIATIONS = 3.0
ONE_SOURCE_SHARE = 0.95
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""In the order in which a tie is decided: what can be acted on first."""

_Counts = dict[tuple[str, str], dict[str | None, int]]
_OF_ALL = ""


@dataclass(frozen=True)
class Breakdown:
    """Reports by (issue, dimension) and cell: this week, and the 8 weeks before."""

    now: _Counts
    earlier: _Counts

    def concentration(self, issue_id: str, names: dict[str, str]) -> Concentration | None:
        """The cell that stands out most; None if none does. `names`: what sources are called."""
        found: Concentration | None = None
        for dimension in DIMENSIONS:
            for cell, count in self._stated(issue_id, dimension):
                one = self._judged(issue_id, dimension, cell, count)
                if one and (found is None or one.excess_count > found.excess_count):
                    found = one
        if found is None:
            return None
        shown = names.get(found.cell, found.cell) if found.dimension == "source_id" else found.cell
        return found.model_copy(update={"cell": wording.cleaned(shown)})

    def only_source(self, issue_id: str) -> str | None:
        """The source with at least 95 % of at least 5 reports, if other sources sent any issue."""
        cells = self.now.get((issue_id, "source_id"), {})
        total = sum(cells.values())
        others = self.now.get((_OF_ALL, "source_id"), {})
        for source_id, count in sorted(cells.items(), key=lambda cell: (-cell[1], cell[0] or "")):
            if source_id and total >= LEAST_CELL and count >= ONE_SOURCE_SHARE * total:
                return source_id if len(others) > 1 else None
        return None

    def _stated(self, issue_id: str, dimension: str) -> list[tuple[str, int]]:
        cells = self.now.get((issue_id, dimension), {})
        return sorted((cell, count) for cell, count in cells.items() if cell)

    def _judged(
        self, issue_id: str, dimension: Dimension, cell: str, count: int
    ) -> Concentration | None:
        total = sum(self.now[(issue_id, dimension)].values())
        own = self.earlier.get((issue_id, dimension), {})
        is_own = sum(own.values()) >= LEAST_OWN_HISTORY
        base = own if is_own else self.earlier.get((_OF_ALL, dimension), {})
        if count < LEAST_CELL or not base:
            return None
        # Half a report is added, so that a cell never seen before has a share and a deviation.
        share = (base.get(cell, 0) + 0.5) / (sum(base.values()) + 1)
        excess = count - share * total
        deviation = (total * share * (1 - share)) ** 0.5
        if excess < LEAST_EXCESS or excess < LEAST_DEVIATIONS * deviation:
            return None
        return Concentration(
            dimension=dimension,
            cell=cell,
            cell_count=count,
            issue_count=total,
            usual_share=round(share, 6),
            is_own_share=is_own,
            excess_count=round(excess, 6),
        )


def read_breakdown(breakdown: pl.DataFrame, week: date) -> Breakdown:
    """The breakdown table as counts of `week` and of the 8 weeks before it."""
    first = week - timedelta(weeks=EARLIER_WEEKS)
    issues = breakdown.filter(pl.col("issue_id") != _OF_ALL)
    earlier = issues.filter((pl.col("week_start") >= first) & (pl.col("week_start") < week))
    return Breakdown(
        now=_counts(issues.filter(pl.col("week_start") == week)),
        earlier=_counts(earlier),
    )


def _counts(rows: pl.DataFrame) -> _Counts:
    found: _Counts = {}
    grouped = rows.group_by("issue_id", "dimension", "cell").agg(pl.col("feedback_count").sum())
    for issue_id, dimension, cell, count in grouped.iter_rows():
        found.setdefault((issue_id, dimension), {})[cell] = count
        of_all = found.setdefault((_OF_ALL, dimension), {})
        of_all[cell] = of_all.get(cell, 0) + count
    return found
