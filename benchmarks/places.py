"""Places, measured: findings by chance, power on planted concentration, notices on the data.

Reads the analysts' file of a finished demo home. Every issue-week with at least ten reports is
placed three ways: as it is; with the cells of the issue's reports shuffled over its 27 weeks
(nothing is concentrated then, so every finding is false); and with extra reports planted in one
cell or pair of cells. Prints JSON.

    uv run --no-sync python -m benchmarks.places --home DIR [--most 400]
"""

import argparse
import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from models.place import DIMENSIONS
from voc_pipeline.trends.breakdown import cell_exposure, issue_reports, weekly_breakdown
from voc_pipeline.trends.places import EARLIER_WEEKS, find_places

Finding = dict[str, Any] | None
LEAST_REPORTS = 10
PLANTED = (("product",), ("region",), ("channel",), ("product", "region"), ("channel", "region"))
EXTRA = (0.5, 1.0, 2.0)
"""Planted reports as a multiple of what the week holds."""


class Tables:
    """What the benchmark reads of a home."""

    def __init__(self, home: Path) -> None:
        with duckdb.connect(str(home / "voc.duckdb"), read_only=True) as mart:
            self.mentions: pl.DataFrame = mart.sql("SELECT * FROM mentions").pl()
            feedback: pl.DataFrame = mart.sql(
                "SELECT * FROM feedback WHERE text_key IS NOT NULL"
            ).pl()
            self.weekly: pl.DataFrame = mart.sql(
                "SELECT issue_id, week_start, verdict, is_alarm, feedback_count, upper_bound, "
                "expected_count FROM issue_weekly WHERE expected_count IS NOT NULL "
                "ORDER BY week_start, issue_id"
            ).pl()
            self.owners: pl.DataFrame = mart.sql("SELECT issue_id, function FROM issues").pl()
            try:
                notices = mart.sql("SELECT * FROM data_notices ORDER BY ALL").pl()
            except duckdb.CatalogException:
                notices = pl.DataFrame()
        self.notices: pl.DataFrame = notices
        self.reports = issue_reports(self.mentions)
        self.cells = (
            feedback.sort("feedback_id")
            .unique(["week_start", "voice_key", "text_key"], keep="first", maintain_order=True)
            .group_by("week_start", *DIMENSIONS)
            .agg(feedback_count=pl.len())
        )


def issue_weeks(tables: Tables, most: int) -> pl.DataFrame:
    """Issue-weeks with enough reports and history, at most `most`, evenly spread."""
    rows = tables.weekly.filter(pl.col("feedback_count") >= LEAST_REPORTS)
    return rows.gather_every(max(1, rows.height // most))


def window(reports: pl.DataFrame, issue_id: str, week: date) -> pl.DataFrame:
    span = pl.col("week_start").is_between(week - timedelta(weeks=EARLIER_WEEKS), week)
    return reports.filter(pl.col("issue_id") == issue_id, span)


def found(tables: Tables, row: dict[str, Any], own: pl.DataFrame, more: pl.DataFrame) -> Finding:
    """The finding of one issue-week; `more` is feedback added to all cells."""
    flagged = pl.DataFrame({"issue_id": [row["issue_id"]], "expected_count": [row["expected"]]})
    added = more.group_by("week_start", *DIMENSIONS).agg(feedback_count=pl.len())
    cells = pl.concat([tables.cells, added.select(tables.cells.columns)])
    places = find_places(flagged, own, cells, week=row["week_start"])
    rows = places.rows.filter(pl.col("is_finding")).to_dicts()
    return rows[0] if rows else None


def shuffled(own: pl.DataFrame, rng: np.random.Generator, *, within_source: bool) -> pl.DataFrame:
    """The cells dealt anew among the reports; within their sources, or all of them."""
    moved = [
        name for name in DIMENSIONS if not within_source or name not in ("channel", "source_id")
    ]
    groups = own.partition_by("source_id") if within_source else [own]
    dealt = []
    for group in groups:
        order = pl.Series(rng.permutation(group.height))
        cells = group.select(moved).select(pl.all().gather(order))
        dealt.append(group.drop(moved).with_columns(cells.get_columns()).select(own.columns))
    return pl.concat(dealt)


def planted(
    own: pl.DataFrame, week: date, names: tuple[str, ...], extra: int, rng: np.random.Generator
) -> tuple[pl.DataFrame, dict[str, str]] | None:
    """More reports like the issue's own, all in one cell that it usually holds a part of."""
    stated = own.drop_nulls(list(names)).sort("segment_id")
    if stated.height < 20:
        return None
    chosen = stated.row(int(rng.integers(stated.height)), named=True)
    cell = {name: chosen[name] for name in names}
    likes = own.filter(pl.col(name) == cell[name] for name in names)
    if likes.height > 0.4 * own.height:
        return None
    more = likes.sample(extra, with_replacement=True, seed=int(rng.integers(2**31)))
    return more.with_columns(week_start=pl.lit(week)), cell


def is_right(finding: Finding, cell: dict[str, str]) -> bool:
    """True if the finding names the planted cell, or a part of a planted pair with it."""
    if finding is None:
        return False
    told = {finding["dimension"]: finding["cell"]}
    if finding["second_dimension"]:
        told[finding["second_dimension"]] = finding["second_cell"]
    same = {"channel": "source_id", "source_id": "channel"}
    return all(name in told or same.get(name) in told for name in cell)


def measure(tables: Tables, most: int) -> dict[str, Any]:
    rng = np.random.default_rng(20261122)
    rows = issue_weeks(tables, most).to_dicts()
    counts = {"as it is": 0, "shuffled": 0, "shuffled within source": 0}
    power: dict[str, list[bool]] = {}
    none = tables.reports.clear()
    for row in rows:
        own = window(tables.reports, row["issue_id"], row["week_start"])
        row["expected"] = row["expected_count"]
        counts["as it is"] += found(tables, row, own, none) is not None
        for name, within in (("shuffled", False), ("shuffled within source", True)):
            dealt = shuffled(own, rng, within_source=within)
            counts[name] += found(tables, row, dealt, none) is not None
        names, factor = PLANTED[int(rng.integers(len(PLANTED)))], EXTRA[int(rng.integers(3))]
        extra = round(factor * row["feedback_count"])
        added = planted(own, row["week_start"], names, extra, rng)
        if added is not None:
            finding = found(tables, row, pl.concat([own, added[0]]), added[0])
            size = "5 to 9" if extra < 10 else "10 to 19" if extra < 20 else "20 and more"
            power.setdefault(f"{' x '.join(names)}, {size}", []).append(is_right(finding, added[1]))
            power.setdefault(f"all, {size}", []).append(is_right(finding, added[1]))
    return {
        "issue_weeks": len(rows),
        "share_with_a_finding": {name: round(one / len(rows), 4) for name, one in counts.items()},
        "power": {
            name: {"planted": len(hits), "found": round(sum(hits) / len(hits), 3)}
            for name, hits in sorted(power.items())
        },
    }


def flagged_findings(tables: Tables) -> dict[str, Any]:
    """Of the issue-weeks that the home flagged, how many got a place, and which; and the speed."""
    is_flagged = (
        pl.col("is_alarm")
        | pl.col("verdict").is_in(["NEW", "SPIKING", "RISING"])
        | (pl.col("feedback_count") > pl.col("upper_bound"))
    )
    flagged = tables.weekly.filter(is_flagged.fill_null(value=False), pl.col("feedback_count") > 0)
    seconds, named = 0.0, []
    weeks = flagged.partition_by("week_start", as_dict=True)
    for (week,), rows in weeks.items():
        start = time.process_time()
        places = find_places(rows, tables.reports, tables.cells, week=week).rows
        seconds += time.process_time() - start
        named += places.filter(pl.col("is_finding")).to_dicts()
    last = tables.weekly["week_start"].max()
    start = time.process_time()
    broken = weekly_breakdown(
        tables.reports,
        cell_exposure(tables.cells),
        tables.owners,
        first_week=tables.cells["week_start"].min(),
        last_week=last,
    )
    return {
        "flagged_issue_weeks": flagged.height,
        "with_a_finding": len(named),
        "findings": [
            f"{one['week_start']} {one['issue_id']} {one['dimension']}={one['cell']}"
            + (f" {one['second_dimension']}={one['second_cell']}" if one["second_cell"] else "")
            + f": {one['feedback_count']} against {one['expected_count']:.1f}, "
            + f"p {one['p_value']:.2g}"
            for one in named
        ],
        "places_cpu_seconds_a_week": round(seconds / max(len(weeks), 1), 4),
        "breakdown_rows": broken.height,
        "breakdown_cpu_seconds_a_run": round(time.process_time() - start, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--most", type=int, default=400, help="Issue-weeks placed at most.")
    chosen = parser.parse_args()
    tables = Tables(chosen.home)
    result = {
        **measure(tables, chosen.most),
        "flagged": flagged_findings(tables),
        "notices": tables.notices.select(
            "week_start", "verdict", "source_id", "cell", "reason"
        ).rows()
        if tables.notices.height
        else [],
    }
    print(json.dumps(result, indent=1, default=str))


if __name__ == "__main__":
    main()
