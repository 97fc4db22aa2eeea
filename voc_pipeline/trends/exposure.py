"""Exposure: who could have told an issue in a week, given which sources brought how many texts.

An issue is told more in some sources than in others. A survey wave that doubles the week's texts
does not double the chances of an issue that is told on the phone: exposure is the sum over sources
of their texts times how much likelier than usual a text of that source holds the issue (indirect
standardisation; Mantel and Haenszel's weeks as strata).

Here: those relative rates, week after week from the weeks before, and their doubt. Not here: what
the counts mean.
"""

from dataclasses import dataclass

import numpy as np

from voc_pipeline.trends.negative_binomial import Array

MEMORY = 0.98
"""Weight of last week's knowledge of an issue's sources; half of it is gone after 34 weeks."""
OWN_PRIOR = 2.0
"""Cases as many as which the source's rate over all other issues weighs."""
SOURCE_PRIOR = 5.0
"""Cases as many as which a new source's being like the others weighs."""
_MOST_PASSES = 12
_CLOSE = 0.003


@dataclass(frozen=True)
class Exposure:
    """Arrays of (weeks, issues)."""

    size: Array
    """Texts of the week, each weighed by its source; the week's texts if their mix is the usual."""
    doubt: Array
    """Variance of its logarithm: 0 for the usual mix of sources, more the further from it."""


def standardised_exposure(cases: Array, texts: Array, whole: Array) -> Exposure:
    """Exposure of each issue; that of a week depends on no later week.

    Args:
        cases: (weeks, sources, issues) distinct feedback with the issue.
        texts: (weeks, sources) distinct feedback.
        whole: (weeks,) exposure of the week as a whole.
    """
    weeks, sources, issues = cases.shape
    size, doubt = np.zeros((weeks, issues)), np.zeros((weeks, issues))
    seen, foreseen = np.zeros((sources, issues)), np.zeros((sources, issues))
    for week in range(weeks):
        if texts[week].sum() <= 0:
            continue
        part = texts[week] / texts[week].sum()
        now = cases[week]
        reach = part @ _relative(seen, foreseen, seen, foreseen)
        for _ in range(_MOST_PASSES):  # what a new source brings shows in the week itself
            told = now.sum(axis=0) * part[:, None] / reach
            relative = _relative(seen, foreseen, seen + now, foreseen + told)
            before, reach = reach, part @ relative
            if np.abs(reach / before - 1.0).max(initial=0.0) < _CLOSE:
                break
        size[week] = whole[week] * reach
        usual = foreseen / np.maximum(seen.sum(axis=0), 1e-9)
        variance = relative / (foreseen + OWN_PRIOR)
        gap = np.where(seen.sum(axis=0) > 0, part[:, None] / reach - usual, 0.0)
        doubt[week] = (gap * gap * variance).sum(axis=0)
        seen = MEMORY * (seen + now)
        foreseen = MEMORY * (foreseen + now.sum(axis=0) * part[:, None] / reach)
    return Exposure(size, doubt)


def _relative(seen: Array, foreseen: Array, pool_seen: Array, pool_foreseen: Array) -> Array:
    """(sources, issues): how much likelier than usual a text of a source holds an issue.

    Shrunk to what the other issues of that source show, this week's cases among them: so a source
    just launched, whose texts hold fewer issues than others, dilutes none.
    """
    others = pool_seen.sum(axis=1, keepdims=True) - pool_seen
    expected = pool_foreseen.sum(axis=1, keepdims=True) - pool_foreseen
    source = (others + SOURCE_PRIOR) / (np.maximum(expected, 0.0) + SOURCE_PRIOR)
    return np.asarray((seen + OWN_PRIOR * source) / (foreseen + OWN_PRIOR))
