"""The weekly partitions: ISO Mondays in the company's time zone, from its first week."""

from datetime import datetime, time

import dagster as dg

from models.settings import CompanySettings
from models.week import ONE_WEEK


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
