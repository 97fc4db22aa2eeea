"""What is planted, and when: the only place that knows the course of the simulated weeks.

Weeks are counted from 0, the first simulated week; the season goes by the calendar. Nothing here
draws chance or words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from models.week import ONE_WEEK

EVENTS_SCHEMA = pl.Schema(
    {
        "event": pl.String,
        "kind": pl.String,
        "role": pl.String,
        "problem_id": pl.String,
        "source_id": pl.String,
        "first_week": pl.Date,
        "last_week": pl.Date,
        "what": pl.String,
    }
)
_Row = tuple[str, str, str, str | None, str | None, date, date, str]
SEASONAL_PROBLEM = "late_delivery"
SEASON = {46: 1.2, 47: 1.6, 48: 2.2, 49: 2.9, 50: 3.4, 51: 3.4, 52: 2.4, 53: 1.9, 1: 1.5, 2: 1.2}
"""ISO week to how much likelier a late delivery is than in the rest of the year."""
_PEAK = range(47, 54)
VIRAL_WEEK = 16
VIRAL_POSTS = 500
VIRAL_SHARE_OF_ONE_ACCOUNT = 0.76


@dataclass(frozen=True)
class Change:
    """What an event does to one problem: factors week by week, the last one from then on."""

    problem_id: str
    role: str
    curve: tuple[float, ...]


@dataclass(frozen=True)
class Event:
    """Something that happens in week `first`; `last` is the last week of its course."""

    name: str
    kind: str
    first: int
    last: int
    what: str
    changes: tuple[Change, ...] = ()
    source_id: str = ""
    volume: float = 1.0
    """Factor on everything the source receives, first to last."""
    delayed_share: float = 0.0
    """Share of the source's records of these weeks that arrive `delay_weeks` later."""
    delay_weeks: int = 0


def _ramp(start: float, end: float, weeks: int) -> tuple[float, ...]:
    return tuple(round(start + (end - start) * step / weeks, 4) for step in range(1, weeks + 1))


EVENTS: tuple[Event, ...] = (
    Event(
        "hold_rise", "slow_rise", 14, 44,
        "Staff leave the call centre and are not replaced: waits grow a little every week.",
        (Change("hold_time", "subject", _ramp(1.0, 2.6, 31)),),
    ),
    Event(
        "viral_packaging", "viral_copy_paste", VIRAL_WEEK, VIRAL_WEEK,
        "One text about packaging is posted 500 times, most of them by one account.",
        (Change("excess_packaging", "subject", (1.0,)),), source_id="social",
    ),
    Event(
        "reset_fix", "fix_works", 18, 22,
        "A new password-reset flow goes live and works.",
        (Change("password_reset", "subject", (0.6, 0.42, 0.34, 0.3)),),
    ),
    Event(
        "checkout_8_2_0", "new_fault", 20, 29,
        "App release 8.2.0 freezes at payment on Android phones.",
        (Change("checkout_freeze", "subject", (0.5, 1.1, 1.7, 2.0, 2.1, 2.0, 2.1, 1.9, 2.0, 2.1)),),
    ),
    Event(
        "address_fix", "fix_fails", 24, 28,
        "An optional field for the flat goes live and changes nothing.",
        (Change("address_form", "subject", (1.0,)),),
    ),
    Event(
        "social_silent", "source_silent", 25, 26,
        "The feed of social posts delivers nothing for two weeks; the posts are lost.",
        source_id="social", volume=0.0,
    ),
    Event(
        "post_strike", "late_records", 26, 26,
        "Letters of complaint are held up: two thirds arrive two weeks late.",
        source_id="complaints", delayed_share=0.66, delay_weeks=2,
    ),
    Event(
        "checkout_fix", "fix_works", 30, 33,
        "App release 8.2.2 mends the payment screen.",
        (Change("checkout_freeze", "subject", (0.4, 0.12, 0.04, 0.01)),),
    ),
    Event(
        "missing_parcel_split", "split", 34, 34,
        "Drivers must take a photo: 'delivered but not received' becomes two problems, photos "
        "of the wrong door and parcels stolen from where they were left.",
        (
            Change("delivered_not_received", "parent", (0.0,)),
            Change("photo_wrong_door", "child", (1.0,)),
            Change("left_in_open", "child", (0.8,)),
        ),
    ),
    Event(
        "faster_site", "slow_fall", 36, 50,
        "The site is moved to faster machines, a part at a time.",
        (Change("app_slow", "subject", _ramp(1.0, 0.4, 15)),),
    ),
    Event(
        "wallet_merge", "merge", 40, 40,
        "Gift cards and promo codes move into one wallet: two problems become one.",
        (
            Change("gift_card", "parent", (0.0,)),
            Change("promo_rejected", "parent", (0.0,)),
            Change("wallet_credit", "child", (1.2,)),
        ),
    ),
    Event(
        "survey_push", "volume_jump", 46, 48,
        "The survey goes to far more customers; what they say does not change.",
        source_id="survey", volume=2.2,
    ),
    Event(
        "points_fix", "fix_works", 49, 52,
        "The loyalty ledger is repaired and the problem all but ends.",
        (Change("points_missing", "subject", (0.4, 0.1, 0.03, 0.02)),),
    ),
    Event(
        "label_fix", "fix_recent", 57, 59,
        "The return label becomes a PDF: it helps, and it is too early to say so.",
        (Change("return_label", "subject", (0.75, 0.6, 0.5)),),
    ),
    Event(
        "face_login_8_4_0", "new_fault", 56, 59,
        "App release 8.4.0 asks for the face or the fingerprint again and again.",
        (Change("face_login_loop", "subject", (0.4, 0.9, 1.6, 2.6)),),
    ),
    Event(
        "double_charge_spike", "spike", 58, 59,
        "A payment provider repeats requests that time out.",
        (Change("double_charge", "subject", (2.3, 3.2)),),
    ),
)  # fmt: skip

RELEASES = ((0, "8.0.1"), (8, "8.1.0"), (14, "8.1.4"), (20, "8.2.0"), (25, "8.2.1"),
            (30, "8.2.2"), (42, "8.3.0"), (56, "8.4.0"))  # fmt: skip
_BORROWED = {
    "delivered_not_received": ("photo_wrong_door", "left_in_open"),
    "wallet_credit": ("gift_card", "promo_rejected"),
}


def problem_factor(problem_id: str, week: int, monday: date) -> float:
    """How much likelier a problem is in this week than its weight says.

    For a problem that begins with an event the caller takes 0 before `begin_week`.
    """
    factor = 1.0
    for event in EVENTS:
        for change in event.changes:
            if change.problem_id == problem_id and week >= event.first:
                factor *= change.curve[min(week - event.first, len(change.curve) - 1)]
    if problem_id == SEASONAL_PROBLEM:
        factor *= SEASON.get(monday.isocalendar().week, 1.0)
    return factor


def begin_week(problem_id: str) -> int:
    """The week of the first event that changes a problem."""
    return min(
        event.first
        for event in EVENTS
        for change in event.changes
        if change.problem_id == problem_id
    )


def source_factor(source_id: str, week: int) -> float:
    """Factor on everything that a source receives in this week."""
    factor = 1.0
    for event in EVENTS:
        if event.source_id == source_id and event.first <= week <= event.last:
            factor *= event.volume
    return factor


def delay(source_id: str, week: int) -> tuple[float, int]:
    """The share of a source's records of this week that an event delays, and the weeks it does."""
    for event in EVENTS:
        if event.source_id == source_id and event.delayed_share and week == event.first:
            return event.delayed_share, event.delay_weeks
    return 0.0, 0


def speaks_like(problem_id: str, share: float) -> str:
    """Whose frames a problem uses: its own, or now and then those of the problems it holds.

    A problem that will split is spoken of in the words of its parts already, and one that came of
    a merge still in the words of those it came from. `share` is a number of chance, 0 to 1.
    """
    others = _BORROWED.get(problem_id, ())
    if not others or share < 0.55:
        return problem_id
    return others[int((share - 0.55) / 0.45 * len(others))]


def release_at(week: int) -> tuple[str, str]:
    """The app's version of this week and the one before it."""
    versions = [version for first, version in RELEASES if first <= week]
    return versions[-1], versions[-2] if len(versions) > 1 else versions[-1]


def planted_events(first_week: date, weeks: int) -> pl.DataFrame:
    """One row per event and problem or source concerned, of events that began in these weeks.

    `last_week` is the end of the event's course, also where it lies after the simulated weeks.
    """
    rows: list[_Row] = []
    for event in EVENTS:
        if event.first >= weeks:
            continue
        span = (first_week + event.first * ONE_WEEK, first_week + event.last * ONE_WEEK)
        for change in event.changes or (Change("", "source", ()),):
            rows.append(
                (event.name, event.kind, change.role, change.problem_id or None,
                 event.source_id or None, *span, event.what)
            )  # fmt: skip
    rows += _seasons(first_week, weeks)
    return pl.DataFrame(rows, schema=EVENTS_SCHEMA, orient="row").sort(
        "first_week", "event", "role"
    )


def _seasons(first_week: date, weeks: int) -> Iterator[_Row]:
    end = first_week + weeks * ONE_WEEK
    for year in range(first_week.year - 1, end.year + 1):
        first = date.fromisocalendar(year, _PEAK[0], 1)
        last = date(year, 12, 28)
        last -= timedelta(days=last.weekday())
        if first < end and last >= first_week:
            yield (
                f"christmas_{year}", "seasonal_peak", "subject", SEASONAL_PROBLEM, None,
                first, last, "Parcels are late before Christmas, as every year.",
            )  # fmt: skip
