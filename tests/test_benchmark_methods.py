"""The bench of methods counts rightly, and its chart says what it shows."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.methods import Tally, compare
from benchmarks.power_chart import draw
from benchmarks.surveillance import SCENARIOS, Bench, Plan, simulate


def bench_of(event: np.ndarray) -> Bench:
    series = event.shape[1]
    scenario = np.arange(series) % SCENARIOS
    return Bench(np.zeros(event.shape), np.ones(event.shape), event, scenario)


def test_power_at_a_rate_is_that_of_a_known_law():
    """Uniform p-values without an event, far smaller ones in it."""
    chance = np.random.default_rng(5)
    event = np.zeros((49, SCENARIOS * 40), dtype=bool)
    event[20:22] = True
    p_value = chance.random(event.shape)
    p_value[event] = np.where(chance.random(event.sum()) < 0.3, 0.001, p_value[event])
    tally = Tally.of(p_value, bench_of(event))
    weights = np.ones((1, event.shape[1]))
    detected, sensitive = tally.at_rate(weights, 0.01)[0]
    assert sensitive == pytest.approx(0.3 + 0.7 * 0.01, abs=0.02)
    assert detected == pytest.approx(1 - (1 - sensitive) ** 2, abs=0.03)
    curve = tally.curves(weights)[0]
    assert (np.diff(curve) >= 0).all()
    assert curve[:, -1] == pytest.approx([0.5, 0.8775, 0.65], abs=0.03)


def test_a_method_that_alarms_too_often_at_best_is_drawn_by_lot():
    event = np.zeros((49, SCENARIOS), dtype=bool)
    event[0] = True
    p_value = np.ones(event.shape)
    p_value[:10] = 0.0
    found = Tally.of(p_value, bench_of(event)).at_rate(np.ones((1, SCENARIOS)), 0.01)[0]
    assert found == pytest.approx([0.01 / (9 / 48)] * 2)


def test_all_methods_on_a_small_bench_and_their_chart():
    found = compare(simulate(Plan(1, 3)), ["farrington", "ears_c1", "ears_c3"], 3)
    told = json.loads(json.dumps(found))
    assert set(told["minus_farrington_at_1_percent"]) == {"ears_c1", "ears_c3"}
    for one in told["methods"].values():
        assert 0 <= one["at_1_percent_false_alarms"]["sensitivity"] <= 1
        assert one["nominal_1_percent"]["false_alarm_rate"] < 0.2
    drawn = draw(told)
    assert drawn == draw(json.loads(json.dumps(told)))
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    assert root.get("role") == "img"
    said = root.find("{http://www.w3.org/2000/svg}desc").text
    assert said.startswith("At 1 % false alarms: Farrington (Noufaily): ")
