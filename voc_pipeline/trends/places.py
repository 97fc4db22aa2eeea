"""Places: the cells, and pairs of cells, that hold an issue's excess of one week.

A scan statistic over cells (Kulldorff 1997), calibrated for the search: given how many reports came
this week, they fall on the cells as the usual shares say. The usual shares are those of the issue's
own reports of the 26 weeks before, each source at its volume of this week, plus a little of what
all feedback of the week says. As shares drift, counts are beta-binomial, not binomial. The chance
of a cell is summed over every cell searched (Tarone 1990: one that could not hold `LEAST_CELL`
reports adds only its chance to do so), so an issue without any place gets a finding with a chance
of at most `LEVEL`.

Here: shares, contributions, the search. Not here: accounts and batches (`patterns`), words
(`terms`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from models.place import DIMENSIONS, IssuePlace
from voc_pipeline.trends.negative_binomial import Array
from voc_pipeline.trends.tables import as_frame

EARLIER_WEEKS = 26
LEVEL = 0.05
LEAST_CELL = 5
LEAST_PART = 3.0
LEAST_SHARE_OF_EXCESS = 0.25
PRIOR_REPORTS = 10.0
"""Weight of all feedback of the week beside the issue's own reports."""
MOST_REPORTS = 200.0
"""More own reports make the shares no surer: they drift from week to week."""
_UNSEEN = 0.5
"""Reports that a cell never seen before is given in the test."""
_MOST_TERMS = 2000
_DECIMALS = 6
_SINGLES: tuple[tuple[str, ...], ...] = tuple((name,) for name in DIMENSIONS)
_PAIRS: tuple[tuple[str, ...], ...] = tuple(
    pair for pair in combinations(DIMENSIONS, 2) if set(pair) != {"channel", "source_id"}
)
_Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Rows of `issue_places`, and how many cells and pairs were searched for each issue."""

    rows: pl.DataFrame
    searched: dict[str, int]


def find_places(
    flagged: pl.DataFrame, reports: pl.DataFrame, cells: pl.DataFrame, *, week: date
) -> Places:
    """One row per issue and cell, and per pair of cells that stands out (models.place.IssuePlace).

    Args:
        flagged: issue_id and expected_count (not null) of the issues to place.
        reports: of `breakdown.issue_reports`; those of the week and the 26 weeks before are read.
        cells: all feedback counted: week_start, the dimensions, feedback_count.
        week: Monday of the week.
    """
    span = pl.col("week_start").is_between(week - timedelta(weeks=EARLIER_WEEKS), week)
    near = reports.filter(span, pl.col("issue_id").is_in(flagged["issue_id"].implode()))
    counted = near.group_by("issue_id", "week_start", *DIMENSIONS).agg(feedback_count=pl.len())
    book = _Book(cells.filter(span), counted, week)
    found: list[dict[str, object]] = []
    searched: dict[str, int] = {}
    for issue_id, expected in flagged.select("issue_id", "expected_count").sort("issue_id").rows():
        pool = book.pool(issue_id)
        if pool.now.sum() > 0:
            search = _Search(pool, float(expected), book)
            searched[issue_id] = search.searched
            found += [{"week_start": week, "issue_id": issue_id, **row} for row in search.rows()]
    return Places(as_frame(IssuePlace, found, exact=("expected_count", "contribution")), searched)


@dataclass(frozen=True)
class _Pool:
    """One issue's reports of the week and their usual shares, one entry per joint cell."""

    now: Array
    share: Array
    weight: float
    """How many reports the shares are worth."""


class _Book:
    """The joint cells of the span, coded once for every issue."""

    def __init__(self, cells: pl.DataFrame, counted: pl.DataFrame, week: date) -> None:
        rows = pl.concat([cells.with_columns(issue_id=pl.lit("")), counted], how="diagonal_relaxed")
        rows = rows.sort("issue_id", "week_start", *DIMENSIONS)
        self.names: dict[str, list[str | None]] = {}
        coded: list[_Codes] = []
        for name in DIMENSIONS:
            column = rows[name].cast(pl.String)
            values = column.drop_nulls().unique().sort()
            codes = column.cast(pl.Enum(values)).to_physical().cast(pl.Int64) + 1
            coded.append(codes.fill_null(0).to_numpy())
            self.names[name] = [None, *values.to_list()]
        joint, place = np.unique(np.stack(coded), axis=1, return_inverse=True)
        self.codes = dict(zip(DIMENSIONS, joint, strict=True))
        """Code of each joint cell in every dimension; 0: not stated."""
        self._place = place.reshape(-1)
        self._size = joint.shape[1]
        self.layouts = [self._layout(chosen) for chosen in (*_SINGLES, *_PAIRS)]
        self._count = rows["feedback_count"].cast(pl.Float64).to_numpy()
        self._back = ((week - rows["week_start"]).dt.total_days() // 7).to_numpy()
        ids = rows["issue_id"].unique().sort().to_list()
        self._number = {issue_id: number for number, issue_id in enumerate(ids)}
        self._issue = rows["issue_id"].replace_strict(ids, list(range(len(ids)))).to_numpy()
        all_rows = self._issue == self._number.get("", -1)
        self._everything = self._sum(all_rows & (self._back == 0))
        self._source = coded[DIMENSIONS.index("source_id")]
        self._volume = np.zeros((EARLIER_WEEKS + 1, len(self.names["source_id"])))
        np.add.at(
            self._volume,
            (self._back[all_rows], self._source[all_rows]),
            self._count[all_rows],
        )
        self._known = {
            name: set(codes[all_rows & (self._back > 0)].tolist())
            for name, codes in zip(DIMENSIONS, coded, strict=True)
        }

    def _sum(self, which: NDArray[np.bool_], weight: Array | None = None) -> Array:
        counts = self._count[which] if weight is None else weight
        return _summed(self._place[which], counts, self._size)

    def _layout(self, chosen: tuple[str, ...]) -> "_Layout":
        stacked = [self.codes[name] for name in chosen]
        if len(chosen) == 1:
            codes, place = np.unique(stacked[0], return_inverse=True)
            return _Layout(chosen, codes[None, :], place)
        size = len(self.names[chosen[1]])
        codes, place = np.unique(stacked[0] * size + stacked[1], return_inverse=True)
        return _Layout(chosen, np.stack([codes // size, codes % size]), place)

    def is_new(self, name: str, code: int) -> bool:
        """True if no feedback at all came in this cell before the week, though other did."""
        return bool(self._known[name]) and code not in self._known[name]

    def pool(self, issue_id: str) -> _Pool:
        """The issue's reports now, and what to expect of them."""
        own = self._issue == self._number.get(issue_id, -1)
        now, earlier = self._sum(own & (self._back == 0)), own & (self._back > 0)
        others = np.maximum(self._everything - now, 0.0)
        shares, weights = [], []
        if earlier.any():
            usual = self._volume[1 : self._back[earlier].max() + 1].sum(axis=0)
            present = np.bincount(self.codes["source_id"], others, minlength=self._volume.shape[1])
            factor = present / np.maximum(usual, 1.0)
            shares.append(self._sum(earlier, self._count[earlier] * factor[self._source[earlier]]))
            weights.append(min(float(self._count[earlier].sum()), MOST_REPORTS))
        shares.append(others)
        weights.append(PRIOR_REPORTS)
        told = [(one, weight) for one, weight in zip(shares, weights, strict=True) if one.sum() > 0]
        if not told:
            return _Pool(now, now / max(now.sum(), 1.0), PRIOR_REPORTS)
        weight = sum(weight for _, weight in told)
        share = sum(weight * one / one.sum() for one, weight in told) / weight
        return _Pool(now, np.asarray(share), weight)


@dataclass(frozen=True)
class _Layout:
    """The cells of one dimension, or the pairs of two, and where each joint cell lies."""

    dimensions: tuple[str, ...]
    codes: _Codes
    """(dimensions, cells)"""
    place: _Codes


@dataclass(frozen=True)
class _Cells:
    """One issue's reports and shares in a layout's cells, empty ones left out."""

    dimensions: tuple[str, ...]
    codes: _Codes
    count: Array
    share: Array

    @property
    def is_stated(self) -> NDArray[np.bool_]:
        return np.asarray((self.codes > 0).all(axis=0))


class _Search:
    """All cells and pairs of one issue, tested together."""

    def __init__(self, pool: _Pool, expected: float, book: _Book) -> None:
        self._book, self._expected = book, expected
        self._total, self._weight = int(pool.now.sum()), pool.weight
        self._tables = [self._table(pool, layout) for layout in book.layouts]
        stated = np.concatenate([one.share[one.is_stated] for one in self._tables])
        self.searched = len(stated)
        self._reach = 1.0 - _masses(np.arange(LEAST_CELL), stated, self._total, pool.weight).sum(0)
        self._p_values = [self._tested(one) for one in self._tables]
        self._finding = self._best()

    def _table(self, pool: _Pool, layout: _Layout) -> _Cells:
        size = layout.codes.shape[1]
        count = _summed(layout.place, pool.now, size)
        share = _summed(layout.place, pool.share, size)
        filled = (count > 0) | (share > 0)
        return _Cells(layout.dimensions, layout.codes[:, filled], count[filled], share[filled])

    def _tested(self, table: _Cells) -> Array:
        """The chance of each cell over all cells searched; NaN where it is not tested."""
        is_high = table.count > table.share * self._total
        tested = np.flatnonzero(table.is_stated & is_high & (table.count >= LEAST_CELL))
        found = np.full(len(table.count), np.nan)
        for place in tested:
            alone = _at_least(
                table.count[place], table.share[place : place + 1], self._total, self._weight
            )
            found[place] = min(1.0, np.minimum(alone, self._reach).sum())
        return found

    def _best(self) -> tuple[int, int] | None:
        """Table and place of the finding: of those beyond chance, the likeliest place."""
        excess = self._total - self._expected
        least = max(LEAST_PART, LEAST_SHARE_OF_EXCESS * excess)
        best: tuple[float, int, int] | None = None
        for number, (table, p_value) in enumerate(zip(self._tables, self._p_values, strict=True)):
            added = table.count - self._expected * table.share
            good = np.flatnonzero((p_value <= LEVEL) & (added >= least))
            for place in good.tolist():
                gain = round(_gain(table.count[place], table.share[place], self._total), 9)
                if best is None or gain > best[0]:
                    best = (gain, number, place)
        return None if best is None else best[1:]

    def rows(self) -> list[dict[str, object]]:
        """Every single cell, and the pairs beyond chance."""
        found: list[dict[str, object]] = []
        for number, (table, p_value) in enumerate(zip(self._tables, self._p_values, strict=True)):
            is_pair = len(table.dimensions) > 1
            shown = np.flatnonzero(p_value <= LEVEL) if is_pair else np.arange(len(p_value))
            if len(shown) == 0:
                continue
            expected = _to_decimals(self._expected * table.share, round(self._expected, _DECIMALS))
            for place in shown.tolist():
                found.append(
                    {
                        **self._named(table, place),
                        "feedback_count": int(table.count[place]),
                        "usual_share": float(table.share[place]),
                        "expected_count": float(expected[place]),
                        "contribution": round(table.count[place] - expected[place], _DECIMALS),
                        "p_value": None if np.isnan(p_value[place]) else float(p_value[place]),
                        "is_finding": self._finding == (number, place),
                    }
                )
        return found

    def _named(self, table: _Cells, place: int) -> dict[str, object]:
        codes = table.codes[:, place].tolist()
        cells = [
            self._book.names[name][code] for name, code in zip(table.dimensions, codes, strict=True)
        ]
        has_reports = table.count[place] > 0
        return {
            "dimension": table.dimensions[0],
            "cell": cells[0],
            "second_dimension": table.dimensions[1] if len(cells) > 1 else "",
            "second_cell": cells[1] if len(cells) > 1 else None,
            "is_new_cell": bool(has_reports)
            and any(
                self._book.is_new(name, code)
                for name, code in zip(table.dimensions, codes, strict=True)
            ),
        }


def _summed(place: _Codes, values: Array, size: int) -> Array:
    return np.asarray(np.bincount(place, values, minlength=size), dtype=np.float64)


def _masses(count: NDArray[np.int64], share: Array, total: int, weight: float) -> Array:
    """(counts, cells): chance of exactly so many of `total` reports, beta-binomial."""
    alpha = np.maximum(weight * share, _UNSEEN)
    beta = np.maximum(weight * (1.0 - share), _UNSEEN)
    reached = count[count <= total][:, None].astype(np.float64)
    log_mass = (
        special.gammaln(total + 1.0)
        - special.gammaln(reached + 1.0)
        - special.gammaln(total - reached + 1.0)
        + special.betaln(reached + alpha, total - reached + beta)
        - special.betaln(alpha, beta)
    )
    return np.asarray(np.exp(log_mass))


def _at_least(count: float, share: Array, total: int, weight: float) -> float:
    """Chance of `count` or more of `total` reports in one cell."""
    if total > _MOST_TERMS:  # the drift of the shares outweighs the chance of single reports
        alpha, beta = weight * share, weight * (1.0 - share)
        least = np.maximum(alpha, _UNSEEN), np.maximum(beta, _UNSEEN)
        return float(special.betaincc(*least, (count - 0.5) / total)[0])
    return float(min(1.0, _masses(np.arange(int(count), total + 1), share, total, weight).sum()))


def _gain(count: float, share: float, total: int) -> float:
    """Log likelihood ratio of a cell with a share of its own (Kulldorff's statistic)."""
    usual = max(share * total, 1e-9)
    rest = total - count
    gain = count * np.log(count / usual)
    return float(gain + (rest * np.log(rest / max(total - usual, 1e-9)) if rest > 0 else 0.0))


def _to_decimals(values: Array, total: float) -> Array:
    """Rounded so that they sum to the total: the largest remainders are rounded up."""
    scale = 10.0**_DECIMALS
    whole = np.floor(values * scale + 1e-6)
    missing = round(total * scale) - int(whole.sum())
    order = np.argsort(-(values * scale - whole), kind="stable")
    whole[np.resize(order, abs(missing))] += np.sign(missing)
    return np.round(whole / scale, _DECIMALS)
