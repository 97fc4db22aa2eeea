"""Exposure that the company supplies, read once a run and cut to what a week may know."""

from datetime import date

import polars as pl

from assets.stage import WeekRun
from connectors.exposure import read_exposure
from models.exposure import SuppliedExposure
from voc_pipeline.trends.supplied import supplied_exposure
from voc_pipeline.warehouse.schema import polars_schema


def read_rows(run: WeekRun) -> pl.DataFrame | None:
    """The rows of the home's exposure files; None where the settings name none."""
    settings = run.settings.exposure
    return None if settings is None else read_exposure(settings, run.home.path)


def exposure_of(run: WeekRun, rows: pl.DataFrame | None, now: date) -> pl.DataFrame:
    """Rows of SuppliedExposure up to a week; none without files."""
    settings = run.settings.exposure
    if rows is None or settings is None:
        return polars_schema(SuppliedExposure).to_frame()
    return supplied_exposure(
        rows, unit=settings.unit, first_week=run.settings.company.first_week, last_week=now
    )
