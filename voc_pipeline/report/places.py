"""Where an issue's excess sits, as found and published with the week: its cells, patterns, words.

The search itself is the trends' (models.place): here its tables are read, one dimension is chosen
to be shown (that of the finding, else the first that most reports state), and its smaller cells
are put together. What is shown sums to the excess, observed less expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

import polars as pl

from models.report import Concentration, Contribution, Dimension
from voc_pipeline.report import wording

MOST_PARTS = 4
"""Cells shown by name; the others stand together as the rest."""
REST = "*"
LEAST_STATED = 0.5
"""Share of the reports that must state a dimension before it is shown by it."""
NEARLY_ALL = 0.9
"""Usual share from which on a cell is where the issue always is, and explains no excess."""
LEAST_LEADING = 3
"""Reports in a cell that leads a dimension."""
_SAME = 1e-6
MOST_TERMS = 4
LEAST_FOR_FINDING = 0.05
_DIGITS = 6
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
_BY_SOURCE = ("source_id", "channel")

_Row = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """The places of one week's flagged issues, by issue."""

    cells: Mapping[str, list[_Row]]
    findings: Mapping[str, _Row]
    patterns: Mapping[str, _Row]
    terms: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    """What sources are called."""

    def concentration(self, issue_id: str, issue_count: int) -> Concentration | None:
        """The cell or pair of cells that explains the excess best; None if none does."""
        row = self._explaining(issue_id)
        if row is None:
            return None
        cell = self._printed(row["dimension"], row["cell"])
        second = row["second_dimension"]
        return Concentration(
            dimension=row["dimension"],
            cell=cell or "not stated",
            cell_count=row["feedback_count"],
            issue_count=issue_count,
            usual_share=row["usual_share"],
            is_own_share=True,
            excess_count=round(row["contribution"], _DIGITS),
            key=row["cell"] or "",
            second_dimension=second or None,
            second_cell=(self._printed(second, row["second_cell"]) or "") if second else "",
            second_key=row["second_cell"] or "",
        )

    def shown_by(self, issue_id: str) -> Dimension | None:
        """The dimension by which the excess is shown; None if none is stated well enough."""
        found = self._explaining(issue_id)
        if found is not None:
            dimension: Dimension = found["dimension"]
            return dimension
        for one in DIMENSIONS:
            rows = [row for row in self.cells.get(issue_id, ()) if row["dimension"] == one]
            counts = [row["feedback_count"] for row in rows]
            told = [row for row in rows if row["cell"] and not self._is_empty(row)]
            stated = sum(row["feedback_count"] for row in told)
            if len(rows) > 1 and stated >= LEAST_STATED * sum(counts):
                return one
        return None

    def leading(self, issue_id: str) -> _Row | None:
        """The cell that holds most of the reports that state its dimension, more than usual.

        Of the first dimension that has one, sources and channels aside; weaker than a finding.
        """
        for one in DIMENSIONS:
            rows = [
                row
                for row in self.cells.get(issue_id, ())
                if row["dimension"] == one and row["cell"] and not self._is_empty(row)
            ]
            if one in _BY_SOURCE or not rows:
                continue
            first = max(rows, key=lambda row: (row["feedback_count"], row["cell"]))
            most = 2 * first["feedback_count"] > sum(row["feedback_count"] for row in rows)
            if most and first["feedback_count"] >= LEAST_LEADING and first["contribution"] > 0:
                return first
        return None

    def named(self, issue_id: str) -> tuple[tuple[str, str], ...]:
        """Dimension and cell of the finding and of the leading cell, sources and channels aside."""
        found: list[tuple[str, str]] = []
        for row in (self._explaining(issue_id), self.leading(issue_id)):
            if row is None or row["dimension"] in _BY_SOURCE or not row["cell"]:
                continue
            found.append((row["dimension"], row["cell"]))
        return tuple(dict.fromkeys(found))

    def _explaining(self, issue_id: str) -> _Row | None:
        """The finding, unless its cell says no more than that it came from a source."""
        found = self.findings.get(issue_id)
        if found is None:
            return None
        if not found["second_dimension"]:
            return self._source_of(found) if self._is_empty(found) else found
        sides = [self._alone(found, ""), self._alone(found, "second_")]
        empty = [row is not None and self._is_empty(row) for row in sides]
        if not any(empty):
            return found
        return None if all(empty) else sides[empty.index(False)]

    def _alone(self, pair: _Row, side: str) -> _Row | None:
        """The row of one cell of a pair."""
        wanted = pair[f"{side}dimension"], pair[f"{side}cell"]
        rows = self.cells.get(pair["issue_id"], ())
        return next((row for row in rows if (row["dimension"], row["cell"]) == wanted), None)

    def _is_empty(self, row: _Row) -> bool:
        """True if the cell is a source under another name, or where the issue always is."""
        if row["dimension"] in _BY_SOURCE:
            return False
        return row["usual_share"] >= NEARLY_ALL or self._source_of(row) is not None

    def _source_of(self, row: _Row) -> _Row | None:
        """The source whose reports, this week and usually, are those of the cell."""
        for other in self.cells.get(row["issue_id"], ()):
            if (
                other["dimension"] == "source_id"
                and other["feedback_count"] == row["feedback_count"] > 0
                and abs(other["usual_share"] - row["usual_share"]) < _SAME
            ):
                return other
        return None

    def parts(self, issue_id: str, dimension: Dimension) -> tuple[Contribution, ...]:
        """What each cell adds to the excess: the largest by name, then the rest."""
        rows = [row for row in self.cells.get(issue_id, ()) if row["dimension"] == dimension]
        rows.sort(key=lambda row: (-row["contribution"], row["cell"] is None, row["cell"] or ""))
        few = len(rows) <= MOST_PARTS + 1
        shown, rest = (rows, []) if few else (rows[:MOST_PARTS], rows[MOST_PARTS:])
        groups = [(row["cell"], row["cell"] or "", [row]) for row in shown]
        groups += [(None, REST, rest)] if rest else []
        return tuple(
            Contribution(
                cell=None if cell is None else self._printed(dimension, cell),
                is_rest=key == REST,
                feedback_count=sum(row["feedback_count"] for row in held),
                usual_count=round(sum(row["expected_count"] for row in held), _DIGITS),
                extra_count=round(sum(row["contribution"] for row in held), _DIGITS),
                is_significant=any((row["p_value"] or 1.0) <= LEAST_FOR_FINDING for row in held),
                key=key,
            )
            for cell, key, held in groups
        )

    def only_source(self, issue_id: str) -> str | None:
        """The name of the source that holds nearly all of it."""
        source = self.patterns.get(issue_id, {}).get("only_source_id")
        return wording.cleaned(self.names.get(source, source)) if source else None

    def pattern(self, issue_id: str) -> str:
        """One account, one text, one hour or one batch, in words with numbers; else empty."""
        row = self.patterns.get(issue_id, {})
        flags = ("is_one_account", "is_one_text", "is_one_hour", "is_one_batch")
        if not any(row.get(flag) for flag in flags):
            return ""
        return wording.cleaned(row["reason"], wording.SENTENCE_LIMIT)

    def _printed(self, dimension: str, cell: str | None) -> str | None:
        if cell is None:
            return None
        return wording.cleaned(self.names.get(cell, cell) if dimension == "source_id" else cell)


def read_places(
    places: pl.DataFrame,
    patterns: pl.DataFrame,
    terms: pl.DataFrame,
    *,
    week: date,
    names: Mapping[str, str],
) -> Places:
    """The tables issue_places, issue_patterns and issue_new_terms of one week."""
    cells: dict[str, list[_Row]] = {}
    findings: dict[str, _Row] = {}
    for row in _of(places, week):
        if row["is_finding"]:
            findings[row["issue_id"]] = row
        if not row["second_dimension"]:
            cells.setdefault(row["issue_id"], []).append(row)
    words: dict[str, tuple[str, ...]] = {}
    for row in sorted(_of(terms, week), key=lambda row: (row["issue_id"], row["term_rank"])):
        known = words.get(row["issue_id"], ())
        if len(known) < MOST_TERMS:
            words[row["issue_id"]] = (*known, row["term"])
    by_issue = {row["issue_id"]: row for row in _of(patterns, week)}
    return Places(cells, findings, by_issue, words, names)


def _of(frame: pl.DataFrame, week: date) -> list[_Row]:
    if frame.is_empty():
        return []
    return frame.filter(pl.col("week_start") == week).to_dicts()
