"""Did the fix work? The weeks after an action took effect against what was to come without it.

The counterfactual is the trend engine's: the filter is run on the weeks before the effect and
carried forward with the exposure that came. An action is usually started at a peak, and a peak
falls by itself; so a rise of a few weeks just before the effect is not learnt from.

Here: which weeks are compared, the interval, the word, its reason. Not here: the forecast itself
(`trends.counterfactual`) and which issue an action is about (`lineage`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.action import FixPeriod, FixVerdictWord
from models.week import ONE_WEEK, week_start
from voc_pipeline.actions.change import Change, change_of
from voc_pipeline.actions.frames import table_of
from voc_pipeline.actions.reasons import FixFacts, fix_reason
from voc_pipeline.trends.counterfactual import ExpectedSum, Outlook, look_ahead
from voc_pipeline.trends.counts import CountGrid, count_grid
from voc_pipeline.trends.filter import FilterPath, FilterSettings, ObservedWeek, follow
from voc_pipeline.trends.negative_binomial import Predictive

LEAST_WEEKS = 4
MOST_WEEKS = 13
JUDGED_WEEKS = 16
"""Weeks after which a verdict stands: the comparison is full, and late records have come."""
WEEKS_SHOWN_BEFORE = 26
LEAST_HISTORY = 8
PEAK_WEEKS = 8
PEAK_QUANTILE = 0.95
SHORT_RISE = 4
"""Of the last `PEAK_WEEKS`, at most so many above the range are a rise that may end by itself."""
_DEFAULTS = FilterSettings()


@dataclass(frozen=True)
class Effect:
    """An action that took effect, and the series of counts that it is judged by."""

    action_id: str
    issue_id: str
    took_effect_on: date

    @property
    def week(self) -> date:
        """Monday of the week of the effect: the first that is not learnt from."""
        return week_start(self.took_effect_on)

    @property
    def first_after(self) -> date:
        """Monday of the first whole week after it."""
        return self.week if self.took_effect_on == self.week else self.week + ONE_WEEK


@dataclass(frozen=True)
class FixFrames:
    """Rows of `FixVerdict` and of `FixWeek`."""

    verdicts: pl.DataFrame
    weeks: pl.DataFrame


def judge_fixes(
    effects: Sequence[Effect],
    counts: pl.DataFrame,
    week: date,
    *,
    settings: FilterSettings = _DEFAULTS,
) -> FixFrames:
    """One verdict per effect that is not judged for good yet, as known at the cutoff of `week`.

    Args:
        effects: actions in effect by the end of `week`; each names, in `counts`, the series of
            its action id.
        counts: columns of `WeeklyCount` up to `week`: every issue, for what they share, and one
            series per action (issue_id is the action's id).
        week: Monday of the week.
        settings: the filter's choices.

    Returns:
        Rows sorted by action and week; floats to six significant digits.
    """
    recent = [one for one in effects if one.first_after + JUDGED_WEEKS * ONE_WEEK > week]
    grid = count_grid(counts, last_week=week) if recent else None
    verdicts: list[dict[str, object]] = []
    weeks: list[dict[str, object]] = []
    by_step: dict[int, list[Effect]] = defaultdict(list)
    for one in recent:
        by_step[(one.week - (grid.weeks[0] if grid else week)).days // 7].append(one)
    for step, starting in sorted(by_step.items()):
        judged = EffectWeek(grid, step, starting, week, settings) if grid else None
        for one in starting:
            verdicts.append(_verdict_row(one, judged, week))
            weeks.extend(judged.week_rows(one) if judged else ())
    return FixFrames(
        table_of("fix_verdicts", verdicts).sort("as_of_week", "action_id"),
        table_of("fix_weeks", weeks).sort("as_of_week", "action_id", "week_start"),
    )


class EffectWeek:
    """All effects of one week: the filter up to it, and the outlook from it on."""

    def __init__(
        self,
        grid: CountGrid,
        step: int,
        effects: Sequence[Effect],
        week: date,
        settings: FilterSettings,
    ) -> None:
        self._grid, self._week = grid, week
        self._step = min(max(step, 0), len(grid.weeks))
        self._settings = settings
        self._place = {name: index for index, name in enumerate(grid.issue_ids)}
        columns = [self._place[one.action_id] for one in effects if one.action_id in self._place]
        self._count = grid.count[: self._step].copy()
        self.left_out = dict.fromkeys(columns, 0)
        """Weeks of a short rise, by place of the series."""
        self._totals: dict[bytes, ExpectedSum] = {}
        self.path: FilterPath | None = None
        self.outlook: Outlook | None = None
        if self._weeks_before(self._step) >= LEAST_HISTORY:
            self._leave_short_rises_out(columns)
            self.path = self._filtered(self._step)
            self.outlook = self._ahead(self.path, self._step, len(grid.weeks))

    def _weeks_before(self, step: int) -> int:
        return int((self._grid.exposure[:step] > 0).any(axis=1).sum())

    def _filtered(self, step: int) -> FilterPath:
        grid = self._grid
        weeks = zip(self._count, grid.exposure, grid.phase.tolist(), grid.doubt, strict=False)
        return follow(
            (ObservedWeek(*one) for one in islice(weeks, step)),
            first_kept=max(0, step - WEEKS_SHOWN_BEFORE),
            settings=self._settings,
        )

    def _ahead(self, path: FilterPath, start: int, end: int) -> Outlook:
        grid = self._grid
        return look_ahead(
            path,
            grid.exposure[start:end],
            grid.phase[start:end],
            doubt=grid.doubt[start:end],
            settings=self._settings,
        )

    def _leave_short_rises_out(self, columns: list[int]) -> None:
        """Weeks of a short rise just before the effect become unobserved.

        Of the last eight weeks those above the range foreseen before them; more than four of
        them are no peak but a level.
        """
        start = self._step - PEAK_WEEKS
        if self._weeks_before(start) < LEAST_HISTORY:
            return
        if not columns:
            return
        outlook = self._ahead(self._filtered(start), start, self._step)
        at = np.array(columns)
        laws = [outlook.week(ahead).take(at) for ahead in range(PEAK_WEEKS)]
        upper = np.stack([law.quantile(PEAK_QUANTILE) for law in laws])
        heard = self._grid.exposure[start : self._step, at] > 0
        high = (self._count[start:, at] > upper) & heard
        for column, is_high in zip(columns, high.T, strict=True):
            number = int(is_high.sum())
            if number <= SHORT_RISE:
                self._count[start:, column][is_high] = np.nan
                self.left_out[column] = number

    def column(self, one: Effect) -> int | None:
        """The place of an effect's series, if it was mentioned before and can be foreseen."""
        column = self._place.get(one.action_id)
        if column is None or self.outlook is None:
            return None
        learnt = self._count[:, column]
        known = (learnt > 0) & (self._grid.exposure[: self._step, column] > 0)
        return column if known.any() else None

    def compared(self, one: Effect) -> NDArray[np.bool_]:
        """Of the weeks from the effect's on, those compared: whole, with feedback, at most 13."""
        grid = self._grid
        first = (one.first_after - grid.weeks[0]).days // 7
        steps = np.arange(self._step, len(grid.weeks))
        chosen = (steps >= first) & (steps < first + MOST_WEEKS)
        return np.asarray(chosen & (grid.exposure[steps] > 0).any(axis=1))

    def observed(self, one: Effect) -> tuple[int, float]:
        """Reports and exposure of the compared weeks."""
        chosen = self._step + np.flatnonzero(self.compared(one))
        column = self._place.get(one.action_id)
        if column is None:
            return 0, float(self._grid.exposure[chosen].max(axis=1).sum())
        count, exposure = self._grid.count[chosen, column], self._grid.exposure[chosen, column]
        return int(count.sum()), float(exposure.sum())

    def change(self, one: Effect) -> Change | None:
        """None where too little lies before, or less than one report was to be expected."""
        column, chosen = self.column(one), self.compared(one)
        if column is None or self.outlook is None or not chosen.any():
            return None
        key = chosen.tobytes()
        if key not in self._totals:
            self._totals[key] = self.outlook.total(chosen)
        return change_of(self.observed(one)[0], self._totals[key], column)

    def week_rows(self, one: Effect) -> list[dict[str, object]]:
        """The weeks around the effect, with what was to be expected of each."""
        grid, column = self._grid, self._place.get(one.action_id)
        known = self.column(one) is not None
        rows: list[dict[str, object]] = []
        for step in range(max(0, self._step - WEEKS_SHOWN_BEFORE), len(grid.weeks)):
            sizes = grid.exposure[step] if column is None else grid.exposure[step, [column]]
            exposure = float(sizes.max())
            law = self._law(step) if known and exposure > 0 else None
            own = None if law is None else law.take(np.array([column]))
            rows.append(
                {
                    "as_of_week": self._week,
                    "action_id": one.action_id,
                    "week_start": grid.weeks[step],
                    "period": _period(one, grid.weeks[step]),
                    "feedback_count": 0 if column is None else int(grid.count[step, column]),
                    "exposure": exposure,
                    "expected_count": None if own is None else float(own.expected[0]),
                    "lower_bound": None if own is None else float(own.quantile(0.025)[0]),
                    "upper_bound": None if own is None else float(own.quantile(0.975)[0]),
                }
            )
        return rows

    def _law(self, step: int) -> Predictive | None:
        if step >= self._step:
            return self.outlook.week(step - self._step) if self.outlook else None
        if self.path is None or self._weeks_before(step) < LEAST_HISTORY:
            return None
        return self.path.predictive(step)


def _period(one: Effect, monday: date) -> FixPeriod:
    if monday < one.week:
        return "before"
    return "during" if monday < one.first_after else "after"


def _verdict_row(one: Effect, judged: EffectWeek | None, week: date) -> dict[str, object]:
    observed, exposure = judged.observed(one) if judged else (0, 0.0)
    weeks_since = int(judged.compared(one).sum()) if judged else 0
    found = judged.change(one) if judged else None
    verdict = word_of(weeks_since, found)
    facts = FixFacts(
        verdict=verdict,
        weeks_since=weeks_since,
        least_weeks=LEAST_WEEKS,
        observed=observed,
        change=found,
        weeks_left_out=_left_out(one, judged),
    )
    return {
        "as_of_week": week,
        "action_id": one.action_id,
        "issue_id": one.issue_id,
        "took_effect_on": one.took_effect_on,
        "first_after_week": one.first_after,
        "weeks_since": weeks_since,
        "observed_count": observed,
        "exposure": exposure,
        "observed_rate": observed / exposure if exposure > 0 else None,
        "expected_count": found and found.expected,
        "expected_lower": found and found.expected_lower,
        "expected_upper": found and found.expected_upper,
        "change": found and found.change,
        "change_lower": found and found.lower,
        "change_upper": found and found.upper,
        "smallest_visible_fall": found and found.visible_fall,
        "verdict": verdict,
        "reason": fix_reason(facts),
    }


def _left_out(one: Effect, judged: EffectWeek | None) -> int:
    column = judged.column(one) if judged else None
    return judged.left_out[column] if judged and column is not None else 0


def word_of(weeks_since: int, found: Change | None) -> FixVerdictWord:
    """`worked` needs four weeks and an interval that is a fall from end to end."""
    if weeks_since < LEAST_WEEKS:
        return "too_early"
    return "worked" if found is not None and found.upper < 0 else "not_shown"
