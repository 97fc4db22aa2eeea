"""The ISO week: named by its Monday, labelled 2026-W46, closed at the cutoff after its Sunday."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.errors import ConfigurationError, shortened

_LABEL = re.compile(r"^(\d{4})-W(\d{2})$")
ONE_WEEK = timedelta(days=7)


def week_start(day: date) -> date:
    """The Monday of the ISO week that holds `day` (a calendar date in the company's time zone)."""
    return day - timedelta(days=day.weekday())


def week_label(monday: date) -> str:
    """`2026-W46` for the Monday 2026-11-09."""
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"


def parse_week(text: str) -> date:
    """The Monday of a week given as `2026-W46` or as any date `2026-11-12` in it.

    Raises:
        ConfigurationError: the text is neither.
    """
    match = _LABEL.match(text.strip())
    try:
        if match:
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return week_start(date.fromisoformat(text.strip()))
    except ValueError as error:
        raise ConfigurationError(
            f"week {shortened(text)} is not an ISO week: write 2026-W46 or a date: 2026-11-09"
        ) from error


def weeks_between(first: date, last: date) -> Iterator[date]:
    """Every Monday from `first` to `last`, both included; none if `last` is before `first`."""
    monday = week_start(first)
    while monday <= last:
        yield monday
        monday += ONE_WEEK


def as_of(monday: date, time_zone: str, cutoff_hour: int) -> datetime:
    """The instant at which the week of `monday` is closed: the next Monday, `cutoff_hour` local.

    Returns:
        A naive datetime in UTC, as every instant in the warehouse.
    """
    local = datetime.combine(monday + ONE_WEEK, time(cutoff_hour), tzinfo=ZoneInfo(time_zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def week_opens(monday: date, time_zone: str) -> datetime:
    """The first instant of the week, as a naive datetime in UTC."""
    local = datetime.combine(monday, time(0), tzinfo=ZoneInfo(time_zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def last_closed_week(now: datetime, time_zone: str, cutoff_hour: int) -> date:
    """The latest week whose cutoff lies at or before `now` (naive UTC)."""
    local = now.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone))
    monday = week_start(local.date())
    while as_of(monday, time_zone, cutoff_hour) > now:
        monday -= ONE_WEEK
    return monday
