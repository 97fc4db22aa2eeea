"""All methods on one bench: power at equal false alarms, and its paired difference from FF-N.

`uv run python -m benchmarks.methods [--series 50] [--seed 2027] > docs/methods.json` simulates the
42 scenarios (`surveillance`), judges the last 49 weeks of every series by every method and prints
JSON; `benchmarks.power_chart` draws it. `--series` is the number for each scenario. Errors are
standard errors over series, by 400 bootstrap samples within scenarios, the threshold of equal
false alarms found anew in each.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from benchmarks.surveillance import CURRENT_WEEKS, SCENARIOS, WEEKS, Array, Bench, Plan, simulate
from benchmarks.trends import p_values
from voc_pipeline.trends.ears import ears
from voc_pipeline.trends.farrington import (
    FF_DEFAULTS,
    FF_N,
    FarringtonSettings,
    farrington_flexible,
)

NOMINAL = 0.01
LEVELS = np.sort(np.append(np.geomspace(1e-9, 0.5, 400), [0.0, NOMINAL]))
SAMPLES = 400
STEPS = list(range(WEEKS - CURRENT_WEEKS, WEEKS))
MEASURES = ("false_alarm_rate", "detected_share", "sensitivity")


def voc(bench: Bench) -> Array:
    """Our own method: the scan's p-values."""
    return p_values(bench, CURRENT_WEEKS)


def _farrington(settings: FarringtonSettings) -> Callable[[Bench], Array]:
    def judge(bench: Bench) -> Array:
        found = farrington_flexible(bench.counts, np.ones_like(bench.exposure), STEPS, settings)
        least, weeks = settings.least_cases
        recent = np.stack([bench.counts[step - weeks + 1 : step + 1].sum(axis=0) for step in STEPS])
        return np.where(recent >= least, found.p_value, 1.0)

    return judge


def _ears(kind: Any) -> Callable[[Bench], Array]:  # noqa: ANN401 - one of C1, C2, C3
    def judge(bench: Bench) -> Array:
        return np.asarray(special.ndtr(-ears(bench.counts, STEPS, kind).statistic))

    return judge


METHODS: dict[str, Callable[[Bench], Array]] = {
    "voc": voc,
    "farrington": _farrington(FF_N),
    "farrington_defaults": _farrington(FF_DEFAULTS),
    "ears_c1": _ears("C1"),
    "ears_c2": _ears("C2"),
    "ears_c3": _ears("C3"),
}
"""Each gives (weeks, series): the smaller, the more surprising; a p-value, or as good as one."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=50, help="series of each scenario")
    parser.add_argument("--seed", type=int, default=2027)
    parser.add_argument("--only", default="", help=f"some of {','.join(METHODS)}")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(METHODS)
    bench = simulate(Plan(options.series, options.seed))
    told = json.dumps(compare(bench, chosen, options.seed), indent=1)
    print(re.sub(r"\[[^]]*\]", lambda row: " ".join(row[0].split()), told))  # a curve a line
    return 0


def compare(bench: Bench, chosen: list[str], seed: int) -> dict[str, Any]:
    """Every method's power at its nominal 1 %, at 1 % false alarms, and as a curve."""
    weights = _bootstrap(bench, seed)
    found: dict[str, Any] = {"series": bench.counts.shape[1], "seed": seed, "methods": {}}
    at_one_percent: dict[str, Array] = {}
    for name in chosen:
        started = time.process_time()
        p_value = METHODS[name](bench)
        seconds = time.process_time() - started
        tally = Tally.of(p_value, bench)
        at_one_percent[name] = tally.at_rate(weights, NOMINAL)
        found["methods"][name] = _told(tally, at_one_percent[name], p_value.size / seconds)
        print(f"{name} done in {seconds:.0f} CPU s", file=sys.stderr)
    if "farrington" in chosen:
        base = at_one_percent["farrington"]
        found["minus_farrington_at_1_percent"] = {
            name: _differences(one, base) for name, one in at_one_percent.items() if one is not base
        }
    return found


@dataclass(frozen=True)
class Tally:
    """What alarms at every level of `LEVELS` hit, arrays of (series, levels) and (series,)."""

    scenario: NDArray[np.int64]
    false_alarms: Array
    quiet_weeks: Array
    detected: Array
    has_event: Array
    hits: Array
    event_weeks: Array

    @classmethod
    def of(cls, p_value: Array, bench: Bench) -> "Tally":
        """Of the p-values of a bench's last weeks."""
        event = bench.outbreak[-len(p_value) :]
        place = np.searchsorted(LEVELS, p_value)  # alarms at this level and all above it
        series = p_value.shape[1]

        def counted(weeks: NDArray[np.bool_]) -> Array:
            row = np.broadcast_to(np.arange(series), weeks.shape)
            flat = row[weeks] * (len(LEVELS) + 1) + place[weeks]
            table = np.bincount(flat, minlength=series * (len(LEVELS) + 1))
            return table.reshape(series, -1)[:, :-1].cumsum(axis=1).astype(np.float64)

        hits = counted(event)
        return cls(
            bench.scenario,
            counted(~event),
            (~event).sum(axis=0).astype(np.float64),
            (hits > 0).astype(np.float64),
            event.any(axis=0).astype(np.float64),
            hits,
            event.sum(axis=0).astype(np.float64),
        )

    def curves(self, weights: Array) -> Array:
        """(samples, 3 measures, levels): means over scenarios, series weighted."""
        found = np.zeros((len(weights), 3, len(LEVELS)))
        for label in range(SCENARIOS):
            own = self.scenario == label
            weight = weights[:, own]
            for number, (top, bottom) in enumerate(
                (
                    (self.false_alarms, self.quiet_weeks),
                    (self.detected, self.has_event),
                    (self.hits, self.event_weeks),
                )
            ):
                found[:, number] += (weight @ top[own]) / (weight @ bottom[own])[:, None]
        return found / SCENARIOS

    def at_rate(self, weights: Array, rate: float) -> Array:
        """(samples, 2): detected share and sensitivity at a false-alarm rate.

        Between two levels, and below the rate of the lowest one, alarms are drawn by lot.
        """
        found = []
        for curve in self.curves(weights):
            rates = np.concatenate([[0.0], curve[0]])
            found.append(
                [np.interp(rate, rates, np.concatenate([[0.0], one])) for one in curve[1:]]
            )
        return np.array(found)


def _bootstrap(bench: Bench, seed: int) -> Array:
    """(1 + samples, series): how often each series is drawn; the first row is the whole bench."""
    chance = np.random.default_rng(seed + 1)
    weights = np.ones((1 + SAMPLES, bench.counts.shape[1]))
    for label in range(SCENARIOS):
        own = np.flatnonzero(bench.scenario == label)
        shares = np.full(len(own), 1 / len(own))
        weights[1:, own] = chance.multinomial(len(own), shares, SAMPLES)
    return weights


def _told(tally: Tally, at_one_percent: Array, speed: float) -> dict[str, Any]:
    whole = np.ones((1, len(tally.scenario)))
    curve = tally.curves(whole)[0]
    nominal = int(np.searchsorted(LEVELS, NOMINAL, side="right")) - 1
    by_scenario = []
    for label in range(SCENARIOS):
        own = tally.scenario == label
        rate = tally.false_alarms[own, nominal].sum() / tally.quiet_weeks[own].sum()
        by_scenario.append(float(rate))
    errors = at_one_percent[1:].std(axis=0, ddof=1)
    shown = np.flatnonzero((curve[0] > 2e-4) & (curve[0] < 0.15))[::4]
    return {
        "nominal_1_percent": {
            **dict(zip(MEASURES, _rounded(curve[:, nominal]), strict=True)),
            "lowest_scenario": round(min(by_scenario), 5),
            "highest_scenario": round(max(by_scenario), 5),
        },
        "at_1_percent_false_alarms": {
            **dict(zip(MEASURES[1:], _rounded(at_one_percent[0]), strict=True)),
            **dict(zip(("detected_error", "sensitivity_error"), _rounded(errors), strict=True)),
        },
        "decisions_a_cpu_second": round(speed),
        "curve": {name: _rounded(curve[number, shown]) for number, name in enumerate(MEASURES)},
    }


def _differences(one: Array, base: Array) -> dict[str, float]:
    apart = one - base
    errors = apart[1:].std(axis=0, ddof=1)
    return {
        "detected_share": round(float(apart[0, 0]), 5),
        "detected_error": round(float(errors[0]), 5),
        "sensitivity": round(float(apart[0, 1]), 5),
        "sensitivity_error": round(float(errors[1]), 5),
    }


def _rounded(values: Array) -> list[float]:
    return [round(float(value), 5) for value in values]


if __name__ == "__main__":
    sys.exit(main())
