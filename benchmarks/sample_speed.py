"""How long it takes to simulate and write the demo's company: prints JSON.

Run: uv run python benchmarks/sample_speed.py [weeks]
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from voc_pipeline.sample import DEFAULT_FIRST_WEEK, simulate_company, write_company


def main() -> None:
    weeks = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    begun, begun_cpu = time.perf_counter(), time.process_time()
    company = simulate_company(seed=7, weeks=weeks, first_week=DEFAULT_FIRST_WEEK)
    simulated, simulated_cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        write_company(company, Path(folder))
        written, written_cpu = time.perf_counter(), time.process_time()
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
    report = {
        "weeks": weeks,
        "feedback": company.truth["feedback"].height,
        "mentions": company.truth["mentions"].height,
        "simulate_seconds": round(simulated - begun, 2),
        "simulate_cpu_seconds": round(simulated_cpu - begun_cpu, 2),
        "write_seconds": round(written - simulated, 2),
        "write_cpu_seconds": round(written_cpu - simulated_cpu, 2),
        "files": len(files),
        "megabytes": round(size / 1e6, 1),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
