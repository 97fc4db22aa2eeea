"""Where an issue's reports of this week stand out, by one stated rule.

For every dimension and cell that is stated: excess = reports in the cell less the cell's usual
share of the issue's reports. The usual share is the issue's own in the 8 weeks before; an issue
with fewer than 20 reports in them is compared with all issues together. A cell is named if it
holds at least 5 reports, the excess is at least 3 and at least 3 standard deviations of a
binomial draw with the usual share; of several, the one with the largest excess.

Apart from that rule, `parts` splits the change of the count, this week against the mean of the 8
weeks before, into what each cell of one dimension adds; the parts sum to the change.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

import polars as pl

from models.report import Concentration, Contribution, Dimension
from voc_pipeline.report import wording

EARLIER_WEEKS = 8
LEAST_OWN_HISTORY = 20
LEAST_CELL = 5
LEAST_EXCESS = 3.0
LEAST_DEVIATIONS = 3.0
ONE_SOURCE_SHARE = 0.95
MOST_PARTS = 4
REST = "*"
"""Cells shown by name; the others stand together as the rest."""
LEAST_STATED = 0.5
"""Share of the reports that must state a dimension before it is split by it."""
_DIGITS = 6
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""In the order in which a tie is decided: what can be acted on first."""

_Parts = tuple[Contribution, ...]
_Counts = dict[tuple[str, str], dict[str | None, int]]
_OF_ALL = ""


@dataclass(frozen=True)
class Breakdown:
    """Reports by (issue, dimension) and cell: this week, and the 8 weeks before."""

    now: _Counts
    earlier: _Counts
    earlier_weeks: int
    """Weeks that `earlier` holds, at most 8."""

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
        return found.model_copy(update={"cell": wording.cleaned(shown), "key": found.cell})

    def parts(self, issue_id: str, dimension: Dimension, names: dict[str, str]) -> _Parts:
        """What each cell adds to the issue's change: the largest by name, then the rest."""
        now = self.now.get((issue_id, dimension), {})
        earlier = self.earlier.get((issue_id, dimension), {})
        usual = {cell: count / max(self.earlier_weeks, 1) for cell, count in earlier.items()}
        cells = sorted(
            {*now, *usual},
            key=lambda cell: (usual.get(cell, 0) - now.get(cell, 0), cell is None, cell or ""),
        )
        if len(cells) > MOST_PARTS + 1:
            shown, rest = cells[:MOST_PARTS], cells[MOST_PARTS:]
        else:
            shown, rest = cells, []
        groups = [(names.get(cell or "", cell), cell or "", [cell]) for cell in shown]
        groups += [(None, REST, rest)] if rest else []
        return tuple(
            Contribution(
                cell=None if name is None else wording.cleaned(name),
                is_rest=key == REST,
                key=key,
                feedback_count=sum(now.get(cell, 0) for cell in held),
                usual_count=round(sum(usual.get(cell, 0.0) for cell in held), _DIGITS),
                extra_count=round(
                    sum(now.get(cell, 0) - usual.get(cell, 0.0) for cell in held), _DIGITS
                ),
            )
            for name, key, held in groups
        )

    def split_by(self, issue_id: str) -> Dimension | None:
        """The first dimension that most reports state, in two cells or more; None without one."""
        for dimension in DIMENSIONS:
            cells = self.now.get((issue_id, dimension), {})
            stated = sum(count for cell, count in cells.items() if cell)
            if len(cells) > 1 and stated >= LEAST_STATED * sum(cells.values()):
                return dimension
        return None

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
            usual_share=round(share, _DIGITS),
            is_own_share=is_own,
            excess_count=round(excess, _DIGITS),
        )


def read_breakdown(breakdown: pl.DataFrame, week: date) -> Breakdown:
    """The breakdown table as counts of `week` and of the 8 weeks before it."""
    first = week - timedelta(weeks=EARLIER_WEEKS)
    issues = breakdown.filter(pl.col("issue_id") != _OF_ALL)
    earlier = issues.filter((pl.col("week_start") >= first) & (pl.col("week_start") < week))
    return Breakdown(
        now=_counts(issues.filter(pl.col("week_start") == week)),
        earlier=_counts(earlier),
        earlier_weeks=earlier.get_column("week_start").n_unique(),
    )


def _counts(rows: pl.DataFrame) -> _Counts:
    found: _Counts = {}
    grouped = rows.group_by("issue_id", "dimension", "cell").agg(pl.col("feedback_count").sum())
    for issue_id, dimension, cell, count in grouped.iter_rows():
        found.setdefault((issue_id, dimension), {})[cell] = count
        of_all = found.setdefault((_OF_ALL, dimension), {})
        of_all[cell] = of_all.get(cell, 0) + count
    return found
