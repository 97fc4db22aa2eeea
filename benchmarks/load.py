"""A Parquet file of a million rows to conformed feedback in the warehouse; prints JSON.

    uv run python -m benchmarks.load [--rows N] [--weeks W]

The whole way of a company's data: read, hashed, classified, stored as received with its ledger,
mapped, masked, duplicates marked, stored again. The rows are those of benchmarks.conform, spread
over the weeks; the run is a process of its own, so that its memory is told apart.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.conform import made_records

FIRST_WEEK = date(2026, 1, 5)
SETTINGS = """
[company]
id = "load-benchmark"
name = "Load benchmark (simulated)"
start_week = "2026-W02"
is_simulated = true

[[sources]]
id = "reviews"
kind = "files"
channel = "review"
paths = ["reviews.parquet"]
columns.external_id = ["id"]
columns.occurred_at = ["said_at"]
columns.verbatim = ["words"]
columns.customer_id = "customer"
columns.product = "product"
score = { column = "stars", metric = "rating", minimum = 1, maximum = 5 }
"""


def write_source(home: Path, rows: int, weeks: int) -> None:
    """reviews.parquet with `rows` rows, evenly over the weeks."""
    made = made_records(rows)
    seconds = weeks * 7 * 86_400
    start = datetime.combine(FIRST_WEEK, datetime.min.time())
    step = pl.duration(microseconds=(pl.int_range(pl.len()) * (seconds * 1_000_000 // rows)))
    made.select(
        pl.int_range(pl.len()).alias("id"),
        (pl.lit(start) + step).alias("said_at"),
        pl.col("verbatim").alias("words"),
        pl.coalesce("customer_id", pl.lit("")).alias("customer"),
        pl.col("product"),
        (pl.int_range(pl.len()) % 5 + 1).alias("stars"),
    ).write_parquet(home / "reviews.parquet")
    (home / "settings.toml").write_text(SETTINGS, encoding="utf-8")


def run(home: Path, weeks: int) -> None:
    """The two stages in this process; prints their seconds."""
    from assets.feedback import feedback
    from assets.home import Home
    from assets.raw import raw
    from assets.stage import WeekRun

    mondays = [FIRST_WEEK + timedelta(weeks=number) for number in range(weeks)]
    chosen = Home(home)
    found: dict[str, float] = {}
    for name, body in (("raw", raw), ("feedback", feedback)):
        began = time.perf_counter()
        with chosen.warehouse() as warehouse:
            body(WeekRun(name, chosen, warehouse, mondays, lambda _: None))
        found[f"{name}_seconds"] = round(time.perf_counter() - began, 1)
    with chosen.warehouse() as warehouse:
        found["feedback_rows"] = warehouse.value("SELECT count(*) FROM feedback")
    found["seconds"] = round(found["raw_seconds"] + found["feedback_seconds"], 1)
    found["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(found))


def main() -> None:
    """Make the source, then load it in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--weeks", type=int, default=1)
    parser.add_argument("--home", type=Path, help="run on this home, already made")
    asked = parser.parse_args()
    if asked.home:
        run(asked.home, asked.weeks)
        return
    with tempfile.TemporaryDirectory(prefix="voc-load-") as folder:
        write_source(Path(folder), asked.rows, asked.weeks)
        again = [sys.executable, "-m", "benchmarks.load", "--home", folder]
        subprocess.run([*again, "--weeks", str(asked.weeks)], check=True)


if __name__ == "__main__":
    main()
