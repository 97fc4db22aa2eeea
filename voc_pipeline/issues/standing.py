"""An issue as the register holds it between two weeks, and its way from and to table rows.

Here lives one issue's arithmetic: its running sum, its centre, what joins it. The week that
changes issues is in `register_week`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from models.errors import ContractError, shortened

Matrix = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

NOWHERE = -1
_DECIMALS = 6
_NUMBER = re.compile(r"^ISS-(\d{4,9})$")

ISSUE_SCHEMA: dict[str, pl.DataType] = {
    "register_week": pl.Date(),
    "issue_id": pl.String(),
    "label": pl.String(),
    "terms": pl.List(pl.String()),
    "theme": pl.String(),
    "function": pl.String(),
    "state": pl.String(),
    "born_week": pl.Date(),
    "first_week": pl.Date(),
    "last_week": pl.Date(),
    "member_count": pl.Int64(),
    "cohesion": pl.Float64(),
    "threshold": pl.Float64(),
    "model_id": pl.String(),
    "vector_sum": pl.List(pl.Float64()),
}
LINEAGE_SCHEMA: dict[str, pl.DataType] = {
    "week_start": pl.Date(),
    "event": pl.String(),
    "issue_id": pl.String(),
    "other_issue_id": pl.String(),
    "mention_count": pl.Int64(),
}
ASSIGNMENT_SCHEMA: dict[str, pl.DataType] = {
    "assigned_week": pl.Date(),
    "segment_id": pl.String(),
    "issue_id": pl.String(),
    "match_score": pl.Float64(),
    "nearest_issue_id": pl.String(),
}


@dataclass(slots=True, kw_only=True)
class Standing:
    """One issue. `weight` is the length of its sum in vectors: a pasted storm weighs as one."""

    number: int
    vector_sum: Numbers
    weight: float
    threshold: float
    born_week: date
    first_week: date
    last_week: date
    member_count: int = 0
    named_count: int = 0
    """Members before this week, which tells whether the name is due for another look."""
    state: str = "active"
    label: str = ""
    terms: list[str] = field(default_factory=list)

    @property
    def issue_id(self) -> str:
        """ISS-0042."""
        return f"ISS-{self.number:04d}"

    @property
    def is_open(self) -> bool:
        """Whether texts may join: active or dormant."""
        return self.state in ("active", "dormant")

    def centre(self) -> Numbers:
        """Unit vector of the sum."""
        length = float(np.linalg.norm(self.vector_sum))
        return self.vector_sum / length if length > 0 else self.vector_sum

    def cohesion(self) -> float:
        """Mean similarity of the members to their centre, which is the sum's length per vector."""
        length = float(np.linalg.norm(self.vector_sum))
        return min(1.0, length / self.weight) if self.weight > 0 else 0.0

    def contrast(self, floor: float) -> float:
        """Mean similarity of pairs of members above that of any two texts, `floor`; 1 at most."""
        if self.weight <= 1:
            return 0.0
        pairs = (self.weight * self.cohesion() ** 2 - 1) / (self.weight - 1)
        return round((pairs - floor) / max(1 - floor, 1e-6), 6)

    def change(self, vectors: Matrix, weights: Numbers, sign: int) -> None:
        """Add members to the sum, or with sign -1 take them out."""
        self.vector_sum = self.vector_sum + sign * (weights @ vectors.astype(np.float64))
        self.weight += sign * float(weights.sum())
        self.member_count += sign * len(vectors)
        if self.member_count <= 0:
            self.vector_sum, self.weight = np.zeros_like(self.vector_sum), 0.0

    def absorb(self, other: "Standing") -> int:
        """Take over all that another issue has; returns the mentions moved."""
        moved = other.member_count
        self.vector_sum = self.vector_sum + other.vector_sum
        self.weight += other.weight
        self.member_count += moved
        self.first_week = min(self.first_week, other.first_week)
        self.last_week = max(self.last_week, other.last_week)
        other.vector_sum = np.zeros_like(other.vector_sum)
        other.weight, other.member_count, other.state = 0.0, 0, "merged"
        return moved


def match(standings: Sequence[Standing], vectors: Matrix) -> tuple[Codes, Codes, Numbers]:
    """Per row: the issue it joins or -1, the nearest open issue or -1, the similarity to it."""
    size = len(vectors)
    near = np.full(size, NOWHERE, dtype=np.int64)
    score = np.zeros(size)
    numbers = np.array([at for at, one in enumerate(standings) if one.is_open], dtype=np.int64)
    if not size or not len(numbers):
        return near.copy(), near, score
    centres = np.array([standings[at].centre() for at in numbers], dtype=np.float32)
    similarity = (vectors @ centres.T).astype(np.float64).round(_DECIMALS)
    best = similarity.argmax(axis=1)
    filled = np.abs(vectors).sum(axis=1) > 0
    near[filled] = numbers[best[filled]]
    score[filled] = similarity[filled, best[filled]]
    least = np.array([standings[at].threshold for at in numbers])
    return np.where(filled & (score >= least[best]), near, NOWHERE), near, score


def read_standings(issues: pl.DataFrame) -> list[Standing]:
    """The issues of one register week, by number.

    Raises:
        ContractError: an id is not of the register's making, or appears twice.
    """
    standings = []
    for row in issues.iter_rows(named=True):
        found = _NUMBER.match(row["issue_id"])
        if found is None:
            raise ContractError(
                f"issue id {shortened(row['issue_id'])} in the register of "
                f"{row['register_week']} is not like ISS-0042: restore the register's table"
            )
        vector_sum = np.array(row["vector_sum"], dtype=np.float64)
        length = float(np.linalg.norm(vector_sum))
        standings.append(
            Standing(
                number=int(found[1]),
                vector_sum=vector_sum,
                weight=length / row["cohesion"] if row["cohesion"] else 0.0,
                named_count=row["member_count"],
                **{name: row[name] for name in _KEPT},
            )
        )
    standings.sort(key=lambda one: one.number)
    numbers = [one.number for one in standings]
    if len(set(numbers)) != len(numbers):
        raise ContractError("an issue id is twice in the previous register: pass one register week")
    return standings


_KEPT = (
    "threshold", "born_week", "first_week", "last_week", "member_count", "state", "label", "terms",
)  # fmt: skip


def write_issues(standings: Sequence[Standing], week: date, model_id: str) -> pl.DataFrame:
    """One row per issue ever born: the register after `week`, by id."""
    rows = [
        {
            "register_week": week,
            "issue_id": one.issue_id,
            "theme": None,
            "function": None,
            "cohesion": round(one.cohesion(), _DECIMALS),
            "model_id": model_id,
            "vector_sum": one.vector_sum.round(_DECIMALS).tolist(),
            **{name: getattr(one, name) for name in _KEPT},
        }
        for one in standings
    ]
    return pl.DataFrame(rows, schema=ISSUE_SCHEMA, orient="row")


def write_assignments(
    standings: Sequence[Standing],
    segments: pl.Series,
    matched: tuple[Codes, Codes, Numbers],
    week: date,
) -> pl.DataFrame:
    """One row per segment: the place it got in `week`, by segment id."""
    names = [one.issue_id for one in standings] + [None]
    place, near, score = matched
    return pl.DataFrame(
        {
            "assigned_week": [week] * len(segments),
            "segment_id": segments,
            "issue_id": [names[at] for at in place],
            "match_score": score.round(_DECIMALS),
            "nearest_issue_id": [names[at] for at in near],
        },
        schema=ASSIGNMENT_SCHEMA,
    ).sort("segment_id")
