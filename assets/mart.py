"""mart: the analysts' file, made from stages that agree and moved over the old one."""

from assets.stage import WeekRun
from voc_pipeline.warehouse.publish import PUBLISHED_FILE, publish


def mart(run: WeekRun) -> None:
    """voc.duckdb: masked, commented tables of the company's whole history, opened at any moment.

    Made once a run, as of the latest week that has run, whichever weeks were asked for.
    """
    weeks = list(run.weeks)
    latest = run.warehouse.latest_week("trends")
    if latest is None or not weeks:
        return
    rows = publish(run.warehouse, latest)
    for week in weeks:
        run.note(week, sum(rows.values()), file=PUBLISHED_FILE, **rows)
