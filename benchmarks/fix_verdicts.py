"""Fix verdicts measured: coverage of the interval, false 'worked', power, the smallest fall.

`uv run python -m benchmarks.fix_verdicts [--series 400] [--seed 3]` prints JSON. Simulated issues
of many volumes, trends, seasons and dispersions, with a fixed or a drifting level, after 30, 60 or
104 weeks of history; the action starts in any week, right after the highest of twelve weeks, or in
the middle of an outbreak that ends by itself; and it changes nothing, or takes 30 or 60 percent.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voc_pipeline.actions.change import Change
from voc_pipeline.actions.fix_verdicts import Effect, EffectWeek, word_of
from voc_pipeline.trends.counts import CountGrid
from voc_pipeline.trends.filter import FilterSettings

Array = NDArray[np.float64]
START = date(2020, 1, 6)
HISTORIES = (30, 60, 104)
DRIFTS = (0.0, 0.02)
AFTER = (4, 8, 13)
STARTS = ("any week", "peak", "outbreak")
FALLS = (0.0, 0.3, 0.6)
SPARE = 20
PHI = (1.05, 1.2, 1.5, 2.0, 3.5)
SETTINGS = FilterSettings(season_weeks=52.0)


@dataclass(frozen=True)
class World:
    """Simulated issues: arrays of (weeks, series)."""

    mean: Array
    count: Array
    phi: Array


def simulate(chance: np.random.Generator, series: int, weeks: int, drift: float) -> World:
    step = np.arange(weeks)[:, None]
    level = chance.choice([0.7, 1.5, 2.5, 3.5, 4.5], series)
    trend = chance.choice([0.0, 0.0, 0.003, -0.003], series)
    season = chance.choice([0.0, 0.0, 0.15, 0.3, 0.5], series)
    phase = chance.random(series) * 52
    walk = np.cumsum(chance.normal(0, drift, (weeks, series)), axis=0) if drift else 0.0
    wave = season * np.cos(2 * np.pi * (step - phase) / 52)
    mean = np.exp(level + trend * (step - weeks) + wave + walk)
    phi = chance.choice(PHI, series)
    return World(mean, _drawn(chance, mean, phi), phi)


def _drawn(chance: np.random.Generator, mean: Array, phi: Array) -> Array:
    return chance.negative_binomial(mean / (phi - 1), 1 / phi).astype(np.float64)


def effect_steps(
    chance: np.random.Generator, world: World, start: str, history: int
) -> tuple[Array, NDArray[np.int64]]:
    """The counts, with outbreaks if asked, and the step of each series' effect."""
    count, series = world.count.copy(), world.count.shape[1]
    later = chance.integers(1, 4, series)
    if start == "peak":
        surprise = (count - world.mean) / np.sqrt(world.phi * world.mean)
        return count, history + np.argmax(surprise[history : history + 12], axis=0) + later
    if start == "outbreak":
        size = chance.choice([2, 3, 5, 10], series) * np.sqrt(world.phi * world.mean[history])
        for column in range(series):
            cases = max(2, int(chance.poisson(size[column])))
            weeks = history + np.floor(chance.lognormal(0.0, 0.5, cases)).astype(np.int64)
            np.add.at(count[:, column], weeks[weeks < len(count)], 1)
    return count, history + later


def measure(
    chance: np.random.Generator, series: int, drift: float, history: int, start: str, fall: float
) -> dict[str, Any]:
    """Shares over the series of one cell, by weeks since the effect."""
    world = simulate(chance, series, history + SPARE + max(AFTER), drift)
    count, steps = effect_steps(chance, world, start, history)
    after = np.arange(len(count))[:, None] >= steps
    helped = _drawn(chance, world.mean * (1 - fall), world.phi)
    count = np.where(after, helped, count) if fall else count
    found: dict[int, list[tuple[bool, bool, bool, float]]] = {weeks: [] for weeks in AFTER}
    ever = np.zeros(series, dtype=bool)
    for step in np.unique(steps):
        own = np.flatnonzero(steps == step)
        for weeks in AFTER:
            for place, told in zip(own, _judged(count, own, int(step), weeks), strict=True):
                found[weeks].append(_scored(told, fall))
                ever[place] |= told is not None and told.upper < 0
    shares = {f"after {weeks} weeks": _shares(rows) for weeks, rows in found.items()}
    return {**shares, "worked_at_any_of_these": float(ever.mean())}


def _judged(count: Array, own: NDArray[np.intp], step: int, weeks: int) -> list[Change | None]:
    """The product's own comparison of these series, 100 others beside them."""
    others = np.setdiff1d(np.arange(count.shape[1]), own)[:100]
    columns = np.concatenate([own, others])
    length = step + weeks
    part = count[:length, columns]
    names = [f"S{number}" for number in range(len(columns))]
    grid = CountGrid(
        issue_ids=names,
        weeks=[START + timedelta(weeks=number) for number in range(length)],
        count=part,
        customers=part,
        exposure=np.full(part.shape, 100.0),
        doubt=np.zeros(part.shape),
        first_step=np.zeros(len(columns), dtype=np.int64),
        week_count=np.full(length, 100.0),
    )
    effects = [Effect(names[at], names[at], grid.weeks[step]) for at in range(len(own))]
    judged = EffectWeek(grid, step, effects, grid.weeks[-1], SETTINGS)
    assert word_of(weeks, judged.change(effects[0])) != "too_early"
    return [judged.change(one) for one in effects]


def _scored(told: Change | None, fall: float) -> tuple[bool, bool, bool, float]:
    """Judged at all, covers the truth, worked, the smallest visible fall (1: none)."""
    if told is None:
        return False, False, False, 1.0
    visible = 1.0 if told.visible_fall is None else told.visible_fall
    return True, bool(told.lower <= -fall <= told.upper), told.upper < 0, visible


def _shares(rows: list[tuple[bool, bool, bool, float]]) -> dict[str, float]:
    judged = [row for row in rows if row[0]]
    return {
        "judged": len(judged) / len(rows),
        "coverage": float(np.mean([row[1] for row in judged])),
        "worked": float(np.mean([row[2] for row in rows])),
        "median_smallest_visible_fall": float(np.median([row[3] for row in judged])),
    }


def _summary(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over cells; the bars are on these."""

    def mean(figure: str, **chosen: object) -> float:
        picked = [
            cell["found"][f"after {weeks} weeks"][figure]
            for cell in cells
            for weeks in AFTER
            if all(cell[name] == value for name, value in chosen.items())
        ]
        return round(float(np.mean(picked)), 4)

    return {
        "coverage": mean("coverage"),
        "coverage_by_start": {start: mean("coverage", start=start) for start in STARTS},
        "coverage_by_history": {one: mean("coverage", history=one) for one in HISTORIES},
        "coverage_by_drift": {one: mean("coverage", drift=one) for one in DRIFTS},
        "coverage_by_fall": {one: mean("coverage", fall=one) for one in FALLS},
        "false_worked": mean("worked", fall=0.0),
        "false_worked_by_start": {one: mean("worked", start=one, fall=0.0) for one in STARTS},
        "highest_false_worked_of_a_cell": max(
            cell["found"][f"after {weeks} weeks"]["worked"]
            for cell in cells
            for weeks in AFTER
            if cell["fall"] == 0.0
        ),
        "false_worked_at_any_of_three_looks": round(
            float(
                np.mean(
                    [one["found"]["worked_at_any_of_these"] for one in cells if one["fall"] == 0.0]
                )
            ),
            4,
        ),
        "found_of_30_percent": mean("worked", fall=0.3),
        "found_of_60_percent": mean("worked", fall=0.6),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=400, help="simulated issues of each cell")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    chance = np.random.default_rng(options.seed)
    started, cells = time.process_time(), []
    for drift in DRIFTS:
        for history in HISTORIES:
            for start in STARTS:
                for fall in FALLS if start == "any week" else FALLS[:1]:
                    found = measure(chance, options.series, drift, history, start, fall)
                    named = {"drift": drift, "history": history, "start": start, "fall": fall}
                    cells.append({**named, "found": found})
            print(f"drift {drift}, history {history} done", file=sys.stderr)
    report = {
        "series_of_each_cell": options.series,
        "seed": options.seed,
        "cpu_seconds": round(time.process_time() - started, 1),
        "summary": _summary(cells),
        "cells": cells,
    }
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
