"""The weekly partitions: ISO Mondays in the company's time zone, from its first week."""

from collections.abc import Mapping
from datetime import date, datetime, time

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from models.settings import CompanySettings
from models.week import ONE_WEEK, weeks_between


def weekly(company: CompanySettings) -> dg.WeeklyPartitionsDefinition:
    """One partition a week, keyed by its Monday; Dagster's own default would be Sundays."""
    end = company.final_week
    return dg.WeeklyPartitionsDefinition(
        start_date=datetime.combine(company.first_week, time()),
        end_date=datetime.combine(end + ONE_WEEK, time()) if end else None,
        day_offset=1,
        timezone=company.time_zone,
        fmt="%Y-%m-%d",
    )


def weeks_of_run(tags: Mapping[str, str]) -> list[date]:
    """The weeks that a run was launched for, oldest first; none for a run of checks alone.

    An asset knows its partitions; a check asks the run's tags.
    """
    first = tags.get(ASSET_PARTITION_RANGE_START_TAG) or tags.get(PARTITION_NAME_TAG)
    last = tags.get(ASSET_PARTITION_RANGE_END_TAG) or first
    if first is None or last is None:
        return []
    return list(weeks_between(date.fromisoformat(first), date.fromisoformat(last)))
