"""Which part of the company owns an issue: the function whose seed phrases are most like it.

Here issues are placed, never found or changed; a decision of a person overrides the place later.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from models.settings import FunctionSettings
from voc_pipeline.issues.vectors import VectorModel, unit_rows

LEAST_SIMILARITY = 0.25
_LABEL_WEIGHT = 0.5


def place_issues(
    issues: pl.DataFrame, functions: Sequence[FunctionSettings], model: VectorModel
) -> pl.DataFrame:
    """One row per issue as given, with `function` filled: the most similar one, or null.

    An issue is compared by its centre and, half as much, by its label and terms; a function by its
    most similar seed phrase. Below a similarity of 0.25 nothing owns it. Of equals the function
    that comes first in the settings has it.

    Args:
        issues: rows of the register with vector_sum, label and terms.
        functions: parts of the company; those without seed phrases own nothing by themselves.
        model: the vector model of the register.
    """
    seeds = [(one.id, phrase) for one in functions for phrase in one.seeds]
    if issues.is_empty() or not seeds:
        return issues.with_columns(pl.lit(None, dtype=pl.String).alias("function"))
    phrases = model.embed([" ".join(phrase.casefold().split()) for _, phrase in seeds])
    likeness = (_issue_vectors(issues, model) @ phrases.T).round(6)
    best = likeness.argmax(axis=1)
    owners = [
        seeds[at][0] if likeness[row, at] >= LEAST_SIMILARITY else None
        for row, at in enumerate(best)
    ]
    return issues.with_columns(pl.Series("function", owners, dtype=pl.String))


def _issue_vectors(issues: pl.DataFrame, model: VectorModel) -> np.ndarray:
    """Unit row per issue: its centre, and half as much its name; a merged one has only a name."""
    sums = np.array(issues["vector_sum"].to_list(), dtype=np.float32)
    names = [
        " ".join([row["label"], *row["terms"]]).casefold() for row in issues.iter_rows(named=True)
    ]
    named = model.embed(names)
    return unit_rows(unit_rows(sums) + np.float32(_LABEL_WEIGHT) * named)
