"""How series of the filter begin: with what mature ones share (empirical Bayes).

Here: what is pooled over series, by volume, and the state of a series at its start. Not here: what
is learned after it (`filter_state`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.filter_state import STATES, FilterSettings, State
from voc_pipeline.trends.negative_binomial import Array, log_gamma, log_mass


def _mature(state: State, settings: FilterSettings) -> NDArray[np.bool_]:
    return (state.age >= settings.mature_weeks) & (state.total >= settings.mature_count)


@dataclass(frozen=True)
class Pool:
    """What mature series share, for those that begin: empirical Bayes by moments.

    Of all of them, and of those of each volume: what is rare is not told like what is common.
    Columns are kinds of volume, the last one is all of them.
    """

    share: Array  # of the mature series, by volume
    centre: Array  # (6, kinds)
    variance: Array
    speed_weight: Array
    phi_weight: Array
    phi: Array  # (kinds,)

    def kinds(self, count: Array, exposure: Array) -> Array:
        """(kinds, series): chance of each kind, given a series' first count."""
        mean = np.exp(self.centre[0])[:, None] * exposure
        spread = np.expm1(np.minimum(self.variance[0], 3.0))[:, None]
        size = mean * mean / np.maximum((self.phi[:, None] - 1.0) * mean + spread * mean**2, 1e-12)
        chance = np.exp(log_mass(count, log_gamma(count + 1.0), mean, size))[:-1]
        chance = (chance + 1e-12) * self.share[:-1, None]
        return np.vstack([chance / chance.sum(axis=0), np.zeros_like(count)])


def pool_of(states: Sequence[State], settings: FilterSettings) -> Pool | None:
    """What the mature series share now; None with too few of them."""
    told = [_moments(state, settings) for state in states]
    level, value = (np.concatenate(part, axis=-1) for part in zip(*told, strict=True))
    number = len(level)
    if number < settings.mature_series:
        return None
    kinds = max(1, min(settings.volume_kinds, number // (2 * settings.mature_series)))
    order = np.argsort(level, kind="stable")
    starts = np.linspace(0, number, kinds, endpoint=False).astype(np.intp)
    sums = np.add.reduceat(value[:, order], starts, axis=1)
    whole = sums.sum(axis=1, keepdims=True)
    size = np.diff(np.append(starts, number)).astype(np.float64)
    lent = settings.mature_series  # each kind is told as many series like all of them
    mean = np.hstack([(sums + lent * whole / number) / (size + lent), whole / number])
    centre, second = mean[:STATES], mean[STATES : 2 * STATES]
    variance = second - centre**2
    variance[0] += 0.25
    variance[2:] *= settings.season_spread
    speeds = 2 * STATES + len(settings.level_volatilities)
    phi_weight = mean[speeds:]
    return Pool(
        share=np.append(size / number, 1.0),
        centre=centre,
        variance=variance,
        speed_weight=mean[2 * STATES : speeds],
        phi_weight=phi_weight,
        phi=np.asarray(settings.phi_grid) @ phi_weight,
    )


def _moments(state: State, settings: FilterSettings) -> tuple[Array, Array]:
    """Level of the mature series, and what is pooled: means, squares, weights of speeds and phi."""
    mature = np.flatnonzero(_mature(state, settings))
    weight, mean = state.speed_weight[:, mature], state.mean[:, :, mature]
    second = state.covariance[range(STATES), range(STATES)][:, :, mature] + mean**2
    centre = (weight * mean).sum(axis=1)
    whole = (centre, (weight * second).sum(axis=1), weight, state.phi_weight[:, mature])
    return centre[0], np.concatenate(whole)


def begin(
    state: State,
    which: NDArray[np.bool_],
    exposure: Array,
    pool: Pool | None,
    settings: FilterSettings,
    count: Array | None = None,
) -> None:
    """Begin series, or begin them anew at their first case, with what mature ones share.

    With `count`, the first, all but the level is what those of such a volume share. Without a
    pool, one case in a usual week and wide doubt.
    """
    chosen = np.flatnonzero(which)
    if len(chosen) == 0:
        return
    for number in (state.age, state.high_run, state.low_run, state.zero_run):
        number[chosen] = 0
    if pool is None:
        variance = np.asarray(settings.prior_deviations) ** 2
        state.mean[:, :, chosen] = 0.0
        state.mean[0][:, chosen] = -np.log(exposure[chosen])
        state.covariance[:, :, :, chosen] = np.diag(variance)[:, :, None, None]
        return
    if count is None:
        kinds = np.zeros((len(pool.share), len(chosen)))
        kinds[-1] = 1.0
    else:
        kinds = pool.kinds(count[chosen], exposure[chosen])
    centre = np.einsum("ik,ks->is", pool.centre, kinds)
    second = np.einsum("ik,ks->is", pool.variance + pool.centre**2, kinds)
    variance = second - centre**2
    centre[0], variance[0] = pool.centre[0, -1], pool.variance[0, -1]
    state.mean[:, :, chosen] = centre[:, None]
    state.covariance[:, :, :, chosen] = 0.0
    for index in range(STATES):
        state.covariance[index, index][:, chosen] = variance[index]
    state.speed_weight[:, chosen] = np.einsum("ik,ks->is", pool.speed_weight, kinds)
    state.phi_weight[:, chosen] = np.einsum("ik,ks->is", pool.phi_weight, kinds)
