"""Weekly verdicts measured: false alarms, power, verdicts on series without events, speed.

`uv run python -m benchmarks.trends [--series 20] [--seed 5] [--only detection,...]` prints JSON.
`--series` is the number of series for each of the 42 scenarios (`surveillance`). False discoveries
are found for `--seeds` seeds, this one and the next, and the worst scenario again with
`--worst-series` fresh series.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.surveillance import (
    CURRENT_WEEKS,
    SCENARIOS,
    SEASON_WEEKS,
    Array,
    Bench,
    Flags,
    Plan,
    level_with_rate,
    score,
    shortened,
    simulate,
)
from voc_pipeline.trends.filter import (
    FilterPath,
    FilterSettings,
    ObservedWeek,
    RunningFilter,
    run_filter,
)
from voc_pipeline.trends.multiplicity import benjamini_hochberg
from voc_pipeline.trends.scan import ScanWeek, scan_p_values
from voc_pipeline.trends.verdicts import TrendSettings, judge_weeks

BENCH_FILTER = FilterSettings(season_weeks=SEASON_WEEKS)
BANDS = ((0.0, 1.0), (1.0, 3.0), (3.0, 10.0), (10.0, 1e9))
START = date(2020, 1, 6)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20, help="series of each scenario")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--worst-series", type=int, default=400)
    parser.add_argument("--only", default="", help=f"some of {','.join(MEASURES)}")
    parser.add_argument("--speed-series", type=int, default=100_000)
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(MEASURES)
    report: dict[str, Any] = {"series": options.series, "seed": options.seed}
    for name in chosen:
        started = time.process_time()
        report[name] = MEASURES[name](options)
        report[name]["cpu_seconds"] = time.process_time() - started
        print(f"{name} done", file=sys.stderr)
    print(json.dumps(report, indent=1, default=float))
    return 0


def p_values(bench: Bench, weeks: int) -> Array:
    """(weeks, series): the scan's p-values of the last weeks; NaN before a series begins."""
    total = len(bench.counts)
    path = run_filter(
        bench.counts,
        bench.exposure,
        bench.phase,
        first_kept=total - weeks - 3,
        settings=BENCH_FILTER,
    )
    return np.stack([_scanned(bench, path, step) for step in range(total - weeks, total)])


def _scanned(bench: Bench, path: FilterPath, step: int) -> Array:
    weeks = [step - back for back in range(3)]
    seen = [~np.isnan(bench.counts[week]) for week in weeks]
    return scan_p_values(
        [
            ScanWeek(path.predictive(week), np.where(on, bench.counts[week], 0.0), on)
            for week, on in zip(weeks, seen, strict=True)
        ]
    )


def _scores(p_value: Array, bench: Bench, chosen: Flags | None = None) -> dict[str, Any]:
    level = level_with_rate(p_value, bench, 0.01, chosen)
    return {
        "nominal_1_percent": asdict(score(p_value, bench, 0.01, chosen)),
        "at_1_percent_false_alarms": asdict(score(p_value, bench, level, chosen)),
        "threshold": level,
    }


def detection(options: argparse.Namespace) -> dict[str, Any]:
    """The 42 scenarios as published."""
    bench = simulate(Plan(options.series, options.seed))
    return _scores(p_values(bench, CURRENT_WEEKS), bench)


def structural_zeros(options: argparse.Namespace) -> dict[str, Any]:
    """The same with a fifth of all weeks lost."""
    bench = simulate(Plan(options.series, options.seed, zero_share=0.2))
    return _scores(p_values(bench, CURRENT_WEEKS), bench)


def doubled_volume(options: argparse.Namespace) -> dict[str, Any]:
    """No current outbreak; exposure and rate double at the start of the judged weeks."""
    plan = Plan(options.series, options.seed, current_share=0.0, doubled_from=624 - CURRENT_WEEKS)
    bench = simulate(plan)
    return asdict(score(p_values(bench, CURRENT_WEEKS), bench, 0.01))


def short_history(options: argparse.Namespace) -> dict[str, Any]:
    """Series of 8 to 26 weeks beside as many mature ones; the outbreak is in their last weeks.

    Mature series of all scenarios together are one company; or each scenario is a company.
    """
    whole = simulate(Plan(2 * options.series, options.seed, current_weeks=19))
    bench = shortened(whole, options.series, 27)
    chosen = np.isnan(bench.counts[0])
    apart = np.empty((19, bench.counts.shape[1]))
    for label in range(SCENARIOS):
        own = np.flatnonzero(bench.scenario == label)
        part = Bench(
            bench.counts[:, own],
            bench.exposure[:, own],
            bench.outbreak[:, own],
            bench.scenario[own],
        )
        apart[:, own] = p_values(part, 19)
    return {
        "one_company": _scores(p_values(bench, 19), bench, chosen),
        "a_company_each": _scores(apart, bench, chosen),
    }


def worst_scenario(options: argparse.Namespace) -> dict[str, Any]:
    """The scenario with most false alarms at nominal 1 %, again with many fresh series."""
    bench = simulate(Plan(options.series, options.seed))
    alarm, event = p_values(bench, CURRENT_WEEKS) <= 0.01, bench.outbreak[-CURRENT_WEEKS:]
    rates = [alarm[:, own][~event[:, own]].mean() for own in _of_scenarios(bench)]
    worst = int(np.argmax(rates))
    again = simulate(Plan(options.worst_series, options.seed + 1000, scenario=worst))
    quiet = ~again.outbreak[-CURRENT_WEEKS:]
    false = ((p_values(again, CURRENT_WEEKS) <= 0.01) & quiet).sum(axis=0)
    weeks = quiet.sum(axis=0)
    rate = false.sum() / weeks.sum()
    error = np.sqrt(((false - rate * weeks) ** 2).sum()) / weeks.sum()  # series are independent
    return {
        "scenario": worst,
        "false_alarm_rate_first": rates[worst],
        "series": options.worst_series,
        "false_alarm_rate": rate,
        "standard_error": error,
        "upper_95_percent": rate + 1.96 * error,
    }


def _of_scenarios(bench: Bench) -> list[Flags]:
    return [np.asarray(bench.scenario == label, dtype=bool) for label in range(SCENARIOS)]


def false_discoveries(options: argparse.Namespace) -> dict[str, Any]:
    """Benjamini-Hochberg at .1 over all series of a week, many or few of them in an outbreak."""
    found: dict[str, Any] = {}
    for name, share in (("dense", 1.0), ("sparse", 0.1)):
        told = [
            _false_discoveries(Plan(options.series, options.seed + later, current_share=share))
            for later in range(options.seeds)
        ]
        rates = np.array([one["false_discovery_rate"] for one in told])
        found[name] = {
            "false_discovery_rate": rates.mean(),
            "standard_error": rates.std(ddof=1) / np.sqrt(len(rates)) if len(rates) > 1 else None,
            "by_seed": told,
        }
    return found


def _false_discoveries(plan: Plan) -> dict[str, float]:
    bench = simulate(plan)
    alarm = np.stack([benjamini_hochberg(week) <= 0.1 for week in p_values(bench, CURRENT_WEEKS)])
    event = bench.outbreak[-CURRENT_WEEKS:]
    false, true = (alarm & ~event).sum(axis=1), (alarm & event).sum(axis=1)
    return {
        "seed": plan.seed,
        "false_discovery_rate": (false / np.maximum(false + true, 1)).mean(),
        "pooled_false_share": false.sum() / max(1, (false + true).sum()),
        "true_hits_a_week": true.mean(),
    }


def _frame(counts: Array, exposure: float = 100.0) -> pl.DataFrame:
    weeks, series = counts.shape
    return pl.DataFrame(
        {
            "issue_id": np.repeat([f"N{number:05d}" for number in range(series)], weeks),
            "week_start": [START + timedelta(days=7 * week) for week in range(weeks)] * series,
            "feedback_count": counts.T.ravel().astype(np.int64),
            "customer_count": counts.T.ravel().astype(np.int64),
            "exposure": np.full(weeks * series, exposure),
        }
    )


def _judged(counts: Array, last: int) -> pl.DataFrame:
    weeks = [START + timedelta(days=7 * week) for week in range(len(counts) - last, len(counts))]
    return judge_weeks(
        _frame(counts),
        pl.DataFrame(),
        pl.DataFrame(),
        weeks=weeks,
        settings=TrendSettings(filter=BENCH_FILTER),
    )


def null_verdicts(options: argparse.Namespace) -> dict[str, Any]:
    """Two and a half years without events: STEADY kept, coverage and false alarms by volume."""
    bench = simulate(Plan(options.series, options.seed, current_share=0.0, has_past=False))
    found = _judged(bench.counts[-130:], 30)
    old = found.filter(pl.col("verdict") != "NEW")
    bands = {}
    for low, high in BANDS:
        part = old.filter(pl.col("expected_count").is_between(low, high, closed="left"))
        inside = part["feedback_count"].is_between(part["lower_bound"], part["upper_bound"])
        bands[f"expected {low:g} to {high:g}"] = {
            "rows": part.height,
            "coverage": inside.mean(),
            "p_at_most_01": (part["p_value"] <= 0.01).mean(),
            "alarm_rate": part["is_alarm"].mean(),
        }
    shares = old["verdict"].value_counts(normalize=True)
    return {"verdicts": dict(shares.iter_rows()), "bands": bands}


def directions(options: argparse.Namespace) -> dict[str, Any]:
    """A tenth of the series climb to twice their rate in ten weeks; a tenth had one spike.

    The rates of the others are steady, or wander by 15 % to and fro and never climb.
    """
    return {
        name: _directions(options, wander) for name, wander in (("steady", 0.0), ("unsteady", 0.15))
    }


def _directions(options: argparse.Namespace, wander: float) -> dict[str, Any]:
    plan = Plan(options.series, options.seed, current_share=0.0, has_past=False, wander=wander)
    bench = simulate(plan)
    chance = np.random.default_rng(options.seed + 1)
    counts = bench.counts[-130:].copy()
    kind: NDArray[np.int64] = chance.choice(np.arange(3), counts.shape[1], p=[0.8, 0.1, 0.1])
    mean = counts.mean(axis=0)
    ramp = np.clip((np.arange(130) - 118) / 10, 0, 1)[:, None]
    counts += np.where(kind == 1, chance.poisson(ramp * mean), 0)
    spike_week = 125
    spread = np.sqrt(np.maximum(counts.var(axis=0), 1.0))
    for back, part in enumerate((0.5, 0.42, 0.08)):
        counts[spike_week + back] += np.where(kind == 2, chance.poisson(part * 8 * spread), 0)
    found = _judged(counts, 12)
    course = np.ones((130, 1)) if bench.course is None else bench.course[-130:]
    found = found.with_columns(
        kind=pl.col("issue_id").replace_strict(
            {f"N{number:05d}": label for number, label in enumerate(kind.tolist())}
        )
    ).join(_true_ratios(course + ramp * (kind == 1), 12), on=["issue_id", "week_start"])
    last = START + timedelta(days=7 * 129)
    rising = found.filter(pl.col("verdict") == "RISING")
    spiked = found.filter(pl.col("kind") == 2, pl.col("week_start") == last)
    climbed = found.filter(pl.col("kind") == 1, pl.col("week_start") == last)
    big = climbed.filter(pl.col("expected_count") >= 5)
    return {
        "rising_rows": rising.height,
        "false_share_among_rising": (rising["kind"] != 1).mean(),
        "share_of_rising_that_truly_rose": (rising["true_ratio"] > 1.1).mean(),
        "spikes_rising_four_weeks_later": (spiked["verdict"] == "RISING").mean(),
        "climbs_seen_in_week_12": climbed["verdict"].is_in(["RISING", "SPIKING"]).mean(),
        "climbs_of_volume_seen": big["verdict"].is_in(["RISING", "SPIKING"]).mean(),
    }


def _true_ratios(rate: Array, last: int) -> pl.DataFrame:
    """issue_id, week_start, true_ratio: of the true rates, six weeks over the 26 before."""
    weeks, series = rate.shape
    ends = range(weeks - last, weeks)
    ratio = [rate[end - 5 : end + 1].mean(0) / rate[end - 31 : end - 5].mean(0) for end in ends]
    return pl.DataFrame(
        {
            "issue_id": [f"N{number:05d}" for number in range(series)] * last,
            "week_start": [START + timedelta(days=7 * end) for end in ends for _ in range(series)],
            "true_ratio": np.concatenate(ratio),
        }
    )


def speed(options: argparse.Namespace) -> dict[str, Any]:
    """Many series of 104 weeks cold with the last week judged; a hundred of 60 by `judge_weeks`."""
    chance = np.random.default_rng(options.seed)
    mean = chance.gamma(0.7, 8.0, options.speed_series) + 0.05
    counts = chance.negative_binomial(mean / 0.5, 1 / 1.5, (104, len(mean))).astype(float)
    exposure = np.ones_like(counts)
    bench = Bench(counts, exposure, counts > np.inf, np.zeros(len(mean), dtype=np.int64))
    started = time.process_time()
    p_values(bench, 1)
    cold = time.process_time() - started
    weekly = _weekly_step(bench)
    few = counts[:60, :100]
    _judged(few, 1)
    started = time.process_time()
    for _ in range(5):
        _judged(few, 1)
    once = (time.process_time() - started) / 5
    started = time.process_time()
    _judged(few, 52)
    return {
        "series": len(mean),
        "weeks": 104,
        "cold_cpu_seconds": cold,
        "weekly_step_cpu_seconds": weekly,
        "series_weeks_a_second": counts.size / cold,
        "judge_week_100_by_60_seconds": once,
        "judge_52_weeks_100_by_60_seconds": time.process_time() - started,
    }


def _weekly_step(bench: Bench) -> float:
    """CPU seconds of one more week: the running filter's step, and the scan of the last three."""
    running = RunningFilter(bench.counts.shape[1], BENCH_FILTER)
    window: list[ScanWeek] = []
    spent = 0.0
    for week, count in enumerate(bench.counts):
        started = time.process_time()
        ahead = running.step(ObservedWeek(count, bench.exposure[week], float(week)))
        window = [ScanWeek(ahead.law, count, np.ones(len(count), dtype=bool)), *window[:2]]
        if week == len(bench.counts) - 1:
            scan_p_values(window)
            spent = time.process_time() - started
    return spent


MEASURES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "detection": detection,
    "structural_zeros": structural_zeros,
    "doubled_volume": doubled_volume,
    "short_history": short_history,
    "worst_scenario": worst_scenario,
    "false_discoveries": false_discoveries,
    "null_verdicts": null_verdicts,
    "directions": directions,
    "speed": speed,
}

if __name__ == "__main__":
    sys.exit(main())
