"""Runs the weekly job on real files that nobody here wrote; prints rows, seconds, memory, issues.

    uv run python -m benchmarks.real_input --data ../shared/data [--only nhs tweets] [--homes DIR]

Every period has a home of its own, made from one settings file, and its run is a process of its
own, so that memory is that run's. Sources without records in a period hand over what they have and
the load counts it as outside the window: conservation must hold for them too.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PERIODS = {
    "nhs": ("2021-W02", "2022-W49"),
    "tweets": ("2015-W08", "2015-W09"),
    "spotify": ("2022-W01", "2023-W46"),
    "cfpb_2014": ("2014-W41", "2014-W46"),
    "cfpb_2023": ("2023-W22", "2023-W36"),
    "bank": ("1999-W05", "1999-W08"),
    "conversations": ("2021-W47", "2021-W47"),
}
SETTINGS = Path(__file__).with_suffix(".toml")


def run_period(period: str, shared: Path, homes: Path) -> dict[str, object]:
    """Make the period's home, run it with `voc run`, and read what it published."""
    first, last = PERIODS[period]
    home = homes / period
    home.mkdir(parents=True, exist_ok=True)
    text = SETTINGS.read_text(encoding="utf-8").replace('"START"', f'"{first}"')
    text = text.replace('"END"', f'"{last}"').replace(
        "real-input", f"real-{period.replace('_', '-')}"
    )
    for folder in ("surveys", "social", "complaints", "calls"):
        text = text.replace(f'"{folder}/', f'"{(shared / folder).as_posix()}/')
    (home / "settings.toml").write_text(text, encoding="utf-8")
    began = time.perf_counter()
    voc = [sys.executable, "-m", "assets", "run", "--home", str(home)]
    environment = {**os.environ, "VOC_PSEUDONYM_KEY": "a key for benchmarks only"}
    done = subprocess.run(voc, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    found: dict[str, object] = {"period": period, "weeks": f"{first} to {last}"}
    found |= {"exit_code": done.returncode, "seconds": round(seconds, 1)}
    if done.returncode:
        return found | {"error": done.stderr[-2000:]}
    return found | read_published(home)


def read_published(home: Path) -> dict[str, object]:
    """Ledger, rejects and the ten largest issues, as an analyst would read them."""
    with duckdb.connect(str(home / "voc.duckdb"), read_only=True) as analyst:

        def rows(sql: str) -> list[dict[str, object]]:
            return analyst.sql(sql).pl().to_dicts()

        return {
            "ledger": rows(
                """SELECT source_id, sum(fetched_count)::BIGINT AS fetched,
                sum(loaded_count)::BIGINT AS loaded, sum(revised_count)::BIGINT AS revised,
                sum(duplicate_count)::BIGINT AS duplicate, sum(rejected_count)::BIGINT AS rejected,
                sum(outside_window_count)::BIGINT AS outside_window,
                sum(fetched_count - loaded_count - revised_count - deleted_count - duplicate_count
                    - rejected_count - suppressed_count - outside_window_count)::BIGINT AS missing
                FROM loads GROUP BY source_id ORDER BY source_id"""
            ),
            "rejects": rows(
                "SELECT source_id, scope, reason, count(*) AS records FROM rejects GROUP BY ALL "
                "ORDER BY records DESC"
            ),
            "counts": rows(
                "SELECT (SELECT count(*) FROM feedback) AS feedback,"
                " (SELECT count(*) FROM segments) AS segments,"
                " (SELECT count(*) FROM mentions) AS mentions,"
                " (SELECT count(*) FROM issues) AS issues"
            )[0],
            "largest_issues": rows(
                """SELECT i.label, i.function, count(*) AS mentions,
                (SELECT list(quote ORDER BY quote_rank) FROM issue_quotes q
                 WHERE q.issue_id = i.issue_id) AS quotes
                FROM mentions m JOIN issues i USING (issue_id)
                GROUP BY ALL ORDER BY mentions DESC, i.label LIMIT 10"""
            ),
        }


def main() -> None:
    """Print one JSON object a line, a period each; the largest memory of any run last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data")
    parser.add_argument("--only", nargs="*", choices=sorted(PERIODS), default=list(PERIODS))
    parser.add_argument("--homes", type=Path, help="where to leave the homes; else a new folder")
    asked = parser.parse_args()
    homes = asked.homes or Path(tempfile.mkdtemp(prefix="voc-real-"))
    for period in asked.only:
        print(json.dumps(run_period(period, asked.data.resolve(), homes.resolve())), flush=True)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"peak_memory_mb": round(largest / 1024)}))


if __name__ == "__main__":
    main()
