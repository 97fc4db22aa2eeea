"""Whether a group of young texts is an issue that goes on, in other words or as part of its surge.

A group without a past beside an issue looks the same whether it is another problem, the issue in
words of today, or a few of the many texts that a surge brings. What else is said of the issue tells
them apart. Nothing here changes an issue.
"""

from collections.abc import Sequence

import numpy as np

from voc_pipeline.issues.discovery import centre_of
from voc_pipeline.issues.evidence import Evidence
from voc_pipeline.issues.standing import Codes, Standing, match

_ONE_IN_TWENTY = 1.645
_SURGE = 2.0


def goes_on_as(
    rows: Codes, at: int, standings: Sequence[Standing], evidence: Evidence, before: Codes
) -> bool:
    """Whether the issue has lost what the group has, or has risen without it by twice the group.

    Args:
        rows: the group's.
        at: position in `standings` of the issue nearest to it.
        standings: all issues.
        evidence: the window.
        before: per row of the window the position of its issue before this week, or -1.
    """
    told = np.flatnonzero(evidence.is_young & evidence.is_telling)
    mine = told[match(standings, evidence.vectors[told])[1] == at]
    others = mine[~np.isin(mine, rows)]
    expected = _expected(at, evidence, before)
    centre = centre_of(evidence.vectors[rows])
    towards = evidence.vectors[others] @ (centre - standings[at].centre())
    has_moved = (towards <= 0).sum() < expected - _ONE_IN_TWENTY * expected**0.5  # Poisson, 5 %
    surges = len(others) - expected > _SURGE * len(rows)
    return bool(has_moved or surges)


def _expected(at: int, evidence: Evidence, before: Codes) -> float:
    """Young rows that an issue's past predicts, by weeks or by volume, whichever says less."""
    young = evidence.is_young & evidence.is_telling
    past = ~evidence.is_young & evidence.is_telling
    weeks = len(np.unique(evidence.heard[young])) / max(len(np.unique(evidence.heard[past])), 1)
    volume = young.sum() / max(past.sum(), 1)
    return float((before[past] == at).sum() * min(weeks, volume))
