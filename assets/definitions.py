"""What the Dagster UI loads: the assets, checks, job, schedule and sensor of one home.

The home is data/ of this checkout, or the one that VOC_HOME names (`voc ui --home` sets it).
Nothing is read until Dagster asks for the definitions.
"""

import dagster as dg

from assets.actions import actions
from assets.automation import failed_runs, monday_schedule, weekly_job
from assets.checks import CHECKS
from assets.curation import curation
from assets.delivery_job import delivery_job, delivery_sensor
from assets.feedback import feedback
from assets.home import Home
from assets.issues import issues
from assets.lock import HomeResource
from assets.mart import mart
from assets.mentions import mentions
from assets.partitions import weekly
from assets.raw import raw
from assets.report import report
from assets.scores import scores
from assets.segments import segments
from assets.stage import stage_asset
from assets.trends import trends
from assets.vectors import vectors

STAGES = {
    raw: {"python", "file"},
    feedback: {"polars", "duckdb"},
    segments: {"polars", "duckdb"},
    vectors: {"numpy", "duckdb"},
    issues: {"scikitlearn", "duckdb"},
    mentions: {"duckdb"},
    curation: {"toml", "duckdb"},
    trends: {"numpy", "duckdb"},
    actions: {"numpy", "duckdb"},
    scores: {"numpy", "duckdb"},
    report: {"html"},
    mart: {"duckdb"},
}


def definitions_of(home: Home) -> dg.Definitions:
    """The definitions of one home. Raises ConfigurationError if its settings are wrong."""
    company = home.settings.company
    partitions = weekly(company)
    job = weekly_job()
    sends = home.settings.delivery.automatic
    return dg.Definitions(
        assets=[
            stage_asset(body, partitions=partitions, kinds=kinds, self_dependent=body is issues)
            for body, kinds in STAGES.items()
        ],
        asset_checks=CHECKS,
        jobs=[job, *([delivery_job] if sends else [])],
        schedules=[monday_schedule(job, company)],
        sensors=[failed_runs, *([delivery_sensor(home, job)] if sends else [])],
        resources={"home": HomeResource(path=str(home.path))},
        executor=dg.in_process_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """Of the chosen home."""
    return definitions_of(Home.chosen())
