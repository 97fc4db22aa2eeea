"""Many tests at once: the false discovery rate over the issues of a week."""

import numpy as np

from voc_pipeline.trends.negative_binomial import Array


def benjamini_hochberg(p_value: Array) -> Array:
    """Adjusted p-values (Benjamini and Hochberg 1995); NaN stays NaN and is no test.

    Rejecting where the result is at most q holds the false discovery rate at q if the p-values
    are independent, or positively dependent.
    """
    adjusted = np.full(p_value.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_value))
    if len(tested) == 0:
        return adjusted
    order = tested[np.argsort(p_value[tested], kind="stable")]
    ranks = np.arange(1, len(order) + 1)
    scaled = p_value[order] * len(order) / ranks
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
