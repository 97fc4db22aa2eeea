"""Alarms: which surprises are told to a reader, which are only watched, which are a second rise.

Here: the volumes and margins of an alarm, the watch list below them, escalation, and how often
chance alone would have alarmed. Not here: how surprising a week is (`scan`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.trends.measures import WeekMeasures
from voc_pipeline.trends.negative_binomial import Array


@dataclass(frozen=True)
class AlarmSettings:
    """The least volumes and margins; measured on real streams of 80 to 130 texts a week."""

    alarm_count: int = 5
    alarm_ratio: float = 1.5
    week_count: float = 50.0
    """Feedback of the whole week below which nothing alarms; where it is not known, all may."""
    escalation_p_value: float = 0.001
    escalation_count: int = 10
    escalation_ratio: float = 1.5


@dataclass(frozen=True)
class Alarms:
    """One week, one entry per issue."""

    is_alarm: NDArray[np.bool_]
    is_watched: NDArray[np.bool_]
    is_escalated: NDArray[np.bool_]
    chance: Array
    """Of an alarm if nothing changed; NaN where nothing can be said."""


def alarms_of(found: WeekMeasures, *, level: float, settings: AlarmSettings) -> Alarms:
    """Beyond chance over all issues of the week, and large enough to matter: an alarm.

    Beyond chance and at least two reports, but too few: watched. An issue known for four weeks that
    outdoes them all, beyond chance by its own count: escalated.
    """
    count = found.observed
    is_small_week = bool(found.week_count < settings.week_count)
    with np.errstate(invalid="ignore"):
        beyond = (found.q_value <= level) & (count >= settings.alarm_ratio * found.expected)
        rate = np.divide(count, found.exposure, out=np.zeros_like(count), where=found.exposure > 0)
        is_escalated = (
            (found.p_value <= settings.escalation_p_value)
            & (count >= settings.escalation_count)
            & (rate >= settings.escalation_ratio * found.highest_rate)
        )
    is_alarm = beyond & (count >= settings.alarm_count) & (not is_small_week)
    return Alarms(
        is_alarm=is_alarm,
        is_watched=beyond & (count >= 2) & ~is_alarm,
        is_escalated=is_escalated & (not is_small_week),
        chance=_chance(found, level, settings) * (0.0 if is_small_week else 1.0),
    )


def _chance(found: WeekMeasures, level: float, settings: AlarmSettings) -> Array:
    """P(a count that alarms), by the range alone: the weeks before can make it alarm sooner.

    If nothing changed anywhere, Benjamini and Hochberg's procedure alarms first at `level` shared
    out over the issues of the week.
    """
    told = ~np.isnan(found.p_value)
    shared = level / max(1, int(told.sum()))
    law = found.law
    least = np.maximum(law.quantile(1.0 - shared) + 1.0, settings.alarm_count)
    least = np.maximum(least, np.ceil(settings.alarm_ratio * law.expected))
    return np.where(told, law.at_least(least), np.nan)
