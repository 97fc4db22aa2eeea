"""Time and size of a report of 200 issues x 104 weeks; one JSON line.

Bars: HTML 1 s and 1 MB, PDF 1 s of CPU and 2 MB. Every PDF is of another report, as Typst keeps
what it has laid out before.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from report_tables import WEEK, settings, tables

from voc_pipeline.report import build_report, render_html, render_pdf, report_json

ISSUES, WEEKS, RUNS = 200, 104, 5


def main() -> None:
    given, chosen = tables(ISSUES, WEEKS), settings()
    build, render, cpu = [], [], []
    for _ in range(RUNS):
        started, used = time.perf_counter(), time.process_time()
        report = build_report(given, week=WEEK, settings=chosen)
        built = time.perf_counter()
        html = render_html(report)
        build.append(built - started)
        render.append(time.perf_counter() - built)
        cpu.append(time.process_time() - used)
    paper, pdf_bytes = [], 0
    for seed in range(RUNS):
        other = build_report(tables(ISSUES, WEEKS, seed), week=WEEK, settings=chosen)
        used = time.process_time()
        pdf_bytes = max(pdf_bytes, len(render_pdf(other)))
        paper.append(time.process_time() - used)
    result = {
        "issues": len(report.issues),
        "weeks": WEEKS,
        "watched": len(report.watch),
        "first_build_seconds": round(build[0], 3),
        "first_render_seconds": round(render[0], 3),
        "best_build_seconds": round(min(build), 3),
        "best_render_seconds": round(min(render), 3),
        "best_cpu_seconds": round(min(cpu), 3),
        "best_pdf_cpu_seconds": round(min(paper), 3),
        "worst_pdf_cpu_seconds": round(max(paper), 3),
        "pdf_bytes": pdf_bytes,
        "html_bytes": len(html.encode()),
        "json_bytes": len(report_json(report).encode()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
