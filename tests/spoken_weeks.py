"""A company whose customers speak of known subjects, week by week, for tests of the register.

`VOC_TEST_SEED=3 uv run pytest tests/test_registry.py` lets them speak of other subjects in other
words: what a test asks of the register should hold there too.
"""

import os
from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl

from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.registry import advance_register
from voc_pipeline.issues.vectors import unit_rows

MONDAY = date(2026, 1, 5)
OPTIONS = RegisterOptions(model_id="test-1-32", founding_texts=150, founding_weeks=3)
DIMENSION = 32
SEED = int(os.environ.get("VOC_TEST_SEED", "1"))
CENTRES = unit_rows(np.random.default_rng(SEED).normal(size=(12, DIMENSION)).astype(np.float32))
TIGHT = 0.8
"""Spread of a subject's texts around its centre: they are .78 like it."""
LIFELIKE = (0.4, 1.8)
"""As wide as intents of banking77 are with wordllama: some texts .93 like it, some .49, .69 on
average."""


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def speak(number: int, subjects: dict[int, int], **changes: object) -> pl.DataFrame:
    """Segments received in a week: so many on each subject, every one by another voice."""
    random = np.random.default_rng([SEED, number, *subjects])
    rows = []
    for subject, count in subjects.items():
        vectors = around(CENTRES[subject], count, random)
        for at in range(count):
            name = f"{number:03d}-{subject:02d}-{at:04d}"
            rows.append(
                {
                    "segment_id": f"{name}-0",
                    "feedback_id": name,
                    "segment_text": f"the subject {subject} fails badly, case {name}",
                    "text_hash": f"{hash_number(name):016x}",
                    "source_id": "survey",
                    "voice_key": name,
                    "text_key": name,
                    "week_start": week(number),
                    "received_week": week(number),
                    "vector": vectors[at].tolist(),
                    **changes,
                }
            )
    return pl.DataFrame(rows, schema_overrides={"vector": pl.List(pl.Float32)})


def around(
    centre: np.ndarray,
    count: int,
    random: np.random.Generator,
    spread: tuple[float, float] = (TIGHT, TIGHT),
) -> np.ndarray:
    """Unit rows of so many texts about what the centre stands for."""
    noise = random.normal(size=(count, DIMENSION)) / DIMENSION**0.5
    noise *= random.uniform(*spread, size=(count, 1))
    return unit_rows((centre + noise).astype(np.float32)).round(6)


def said_around(said: pl.DataFrame, vectors: np.ndarray) -> pl.DataFrame:
    """The same segments with other vectors."""
    return said.with_columns(vector=pl.Series(vectors.tolist(), dtype=pl.List(pl.Float32)))


def hash_number(name: str) -> int:
    return int(np.random.default_rng([ord(letter) for letter in name]).integers(2**63))


class Company:
    """A register run week by week, with the assignments kept as the warehouse keeps them."""

    def __init__(self, options: RegisterOptions = OPTIONS) -> None:
        self.options = options
        self.issues = pl.DataFrame()
        self.current: dict[str, str | None] = {}
        self.heard: list[pl.DataFrame] = []
        self.events: list[tuple[int, str, str, str, int]] = []

    def window(self, number: int) -> pl.DataFrame:
        oldest = week(number - self.options.window_weeks + 1)
        rows = pl.concat(self.heard).filter(pl.col("received_week") >= oldest)
        issues = [self.current.get(one) for one in rows["segment_id"]]
        return rows.with_columns(pl.Series("current_issue_id", issues, dtype=pl.String))

    def hear(self, number: int, *said: pl.DataFrame):
        self.heard.extend(said)
        step = advance_register(
            self.issues, self.window(number), week=week(number), options=self.options
        )
        self.issues = step.issues
        for segment, issue in step.assignments.select("segment_id", "issue_id").iter_rows():
            self.current[segment] = issue
        self.events += [(number, *row[1:]) for row in step.lineage.iter_rows()]
        return step

    def issue_of(self, subject: int, number: int) -> str | None:
        """The issue most segments on a subject received in a week have."""
        return Counter(self._places(subject, number)).most_common(1)[0][0]

    def share_of(self, subject: int, number: int, issue: str | None) -> float:
        """How much of what is said on a subject in a week an issue has."""
        places = self._places(subject, number)
        return places.count(issue) / len(places)

    def _places(self, subject: int, number: int) -> list[str | None]:
        said = f"{number:03d}-{subject:02d}-"
        return [issue for name, issue in self.current.items() if name.startswith(said)]


STEADY = dict.fromkeys(range(6), 40)
