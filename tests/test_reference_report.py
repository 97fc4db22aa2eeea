"""A report of weeks judged by a reference method: what the method does not know is left out."""

from dataclasses import replace

import polars as pl
from report_tables import WEEK, settings, tables

from voc_pipeline.report import build_report, render_html, report_json
from voc_pipeline.report.proof import faults

UNKNOWN = (
    "lower_bound",
    "p_value",
    "q_value",
    "rate_ratio_lower",
    "rate_ratio_upper",
    "forecast_count",
    "forecast_lower",
    "forecast_upper",
    "alarm_chance",
)


def test_report_without_lower_bounds_intervals_and_forecasts_is_whole():
    full = tables(12, 60)
    unknown = pl.col("figure").is_in(UNKNOWN) & (pl.col("issue_id") != "")
    figures = full.figures.with_columns(value=pl.when(~unknown).then("value"))
    report = build_report(replace(full, figures=figures), week=WEEK, settings=settings())
    page = render_html(report)
    assert "SPIKING" in report_json(report)
    assert faults(page, report) == []
    assert ">None<" not in page
