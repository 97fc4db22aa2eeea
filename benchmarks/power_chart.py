"""The chart of power against false alarms, drawn from the JSON of `benchmarks.methods`.

`uv run python -m benchmarks.power_chart docs/methods.json docs/power.svg`. Two panels, detected
outbreaks and detected outbreak weeks, against the false-alarm rate on a logarithmic axis; a line a
method, told apart by dashes and names as well as colour; a dot where the method stands at its own
nominal 1 %.
"""

import itertools
import json
import sys
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

RATES = (0.002, 0.1)
TICKS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
PANELS = (("detected_share", "Outbreaks detected"), ("sensitivity", "Outbreak weeks detected"))
WIDTH, HEIGHT = 1080, 470
PANEL_WIDTH, PANEL_HEIGHT = 320, 300
LEFTS, TOP = (64, 600), 96


@dataclass(frozen=True)
class Style:
    """How a method is drawn and called."""

    name: str
    colour: str
    dashes: str
    width: float = 2.0


STYLES = {
    "voc": Style("this program", "#0b5cad", "", 3.2),
    "farrington": Style("Farrington (Noufaily)", "#a34700", "8 3"),
    "farrington_defaults": Style("Farrington (R defaults)", "#6b6b00", "3 3"),
    "ears_c1": Style("EARS C1", "#7a2f8f", "10 3 2 3"),
    "ears_c2": Style("EARS C2", "#00695c", "2 2"),
    "ears_c3": Style("EARS C3", "#555555", "12 4"),
}


def draw(found: dict[str, Any]) -> str:
    """The SVG: the same JSON gives the same bytes."""
    methods = {name: one for name, one in found["methods"].items() if name in STYLES}
    title = f"Power against false alarms, {found['series']:,} simulated series"
    parts = [
        (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-labelledby="title description" font-family="sans-serif">'),
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(_described(methods))}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFTS[0], 30, title, size=18),
        _text(
            LEFTS[0], 52,
            "42 scenarios of Noufaily et al. 2013. A dot: the method at its own nominal 1 %.",
            size=12,
        ),
    ]  # fmt: skip
    for left, (measure, name) in zip(LEFTS, PANELS, strict=True):
        parts += _panel(left, measure, name, methods)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _described(methods: dict[str, Any]) -> str:
    """The chart in words, for those who cannot see it."""
    lines = []
    for name, one in methods.items():
        at = one["at_1_percent_false_alarms"]
        lines.append(
            f"{STYLES[name].name}: {100 * at['detected_share']:.1f} % of outbreaks and "
            f"{100 * at['sensitivity']:.1f} % of their weeks"
        )
    return "At 1 % false alarms: " + "; ".join(lines) + "."


def _panel(left: int, measure: str, name: str, methods: dict[str, Any]) -> list[str]:
    bottom, right = TOP + PANEL_HEIGHT, left + PANEL_WIDTH
    parts = [_text(left, TOP - 14, name, size=14)]
    for share in (0, 0.2, 0.4, 0.6, 0.8):
        y = _height(share)
        parts.append(_line(left, y, right, y, "#d9d9d9"))
        parts.append(_text(left - 8, y + 4, f"{100 * share:.0f} %", anchor="end"))
    for rate in TICKS:
        x = left + _across(rate)
        parts.append(_line(x, bottom, x, bottom + 5, "#333333"))
        parts.append(_text(x, bottom + 20, f"{100 * rate:g} %", anchor="middle"))
    x = left + _across(0.01)
    parts.append(_line(x, TOP, x, bottom, "#8c8c8c", dashes="4 4"))
    parts.append(_text(left + PANEL_WIDTH / 2, bottom + 42, "False alarms", anchor="middle"))
    labels: list[tuple[float, str]] = []
    for method, one in methods.items():
        points = _points(one["curve"], measure)
        if not points:
            continue
        parts.append(_curve(left, points, STYLES[method]))
        nominal = one["nominal_1_percent"]
        if RATES[0] <= nominal["false_alarm_rate"] <= RATES[1]:
            parts.append(
                f'<circle cx="{left + _across(nominal["false_alarm_rate"]):.1f}" '
                f'cy="{_height(nominal[measure]):.1f}" r="5" fill="{STYLES[method].colour}" '
                'stroke="#ffffff" stroke-width="1.5"/>'
            )
        labels.append((_height(points[-1][1]), method))
    return parts + _labels(right + 8, labels)


def _points(curve: dict[str, list[float]], measure: str) -> list[tuple[float, float]]:
    """The part of a curve inside the panel, cut at its sides by straight lines."""
    found = list(zip(curve["false_alarm_rate"], curve[measure], strict=True))
    inside: list[tuple[float, float]] = []
    for (rate, value), (next_rate, next_value) in itertools.pairwise(found):
        for edge in RATES:
            if rate < edge < next_rate:
                part = (edge - rate) / (next_rate - rate)
                inside.append((edge, value + part * (next_value - value)))
        if RATES[0] <= next_rate <= RATES[1]:
            inside.append((next_rate, next_value))
    if found and RATES[0] <= found[0][0] <= RATES[1]:
        inside.insert(0, found[0])
    return sorted(inside)


def _labels(x: float, labels: list[tuple[float, str]]) -> list[str]:
    """Names beside the ends of the lines, moved apart."""
    parts, lowest = [], 0.0
    for height, method in sorted(labels):
        lowest = max(height, lowest + 16)
        style = STYLES[method]
        parts.append(_text(x, lowest + 4, style.name, colour=style.colour, size=11))
    return parts


def _across(rate: float) -> float:
    low, high = (log10(one) for one in RATES)
    return PANEL_WIDTH * (log10(rate) - low) / (high - low)


def _height(share: float) -> float:
    return TOP + PANEL_HEIGHT * (1 - share / 0.9)


def _curve(left: int, points: list[tuple[float, float]], style: Style) -> str:
    path = " ".join(f"{left + _across(rate):.1f},{_height(value):.1f}" for rate, value in points)
    dashes = f' stroke-dasharray="{style.dashes}"' if style.dashes else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{style.colour}" '
        f'stroke-width="{style.width}"{dashes}><title>{escape(style.name)}</title></polyline>'
    )


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, *, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" '
        f'stroke="{colour}"{dashed}/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    colour: str = "#1a1a1a",
    size: int = 12,
) -> str:
    weight = "bold" if size > 12 or colour != "#1a1a1a" else "normal"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
    )


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(Path, sys.argv[1:])
    target.write_text(draw(json.loads(source.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
