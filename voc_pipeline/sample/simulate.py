"""The simulation: every source of every week told, then put together with its truth.

Nothing here writes files or knows a source's columns, but for their types.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from models.errors import ConfigurationError
from models.week import ONE_WEEK, week_start
from voc_pipeline.sample.company import (
    SimulatedCompany,
    customers_frame,
    invent_customers,
    invent_orders,
)
from voc_pipeline.sample.conversations import CONVERSATION_SOURCES
from voc_pipeline.sample.events import planted_events
from voc_pipeline.sample.records import ROW_SOURCES, Told
from voc_pipeline.sample.scene import (
    PROFILES,
    SOURCE_NUMBERS,
    Act,
    Scene,
    problem_levels,
    problem_rates,
    source_volume,
)
from voc_pipeline.sample.wording import Catalogue, Dice, read_catalogue

_TELLERS = {**ROW_SOURCES, **CONVERSATION_SOURCES}
_TEXT, _WHOLE, _INSTANT = pl.String(), pl.Int64(), pl.Datetime("us", "UTC")
_TYPES: dict[str, pl.DataType] = {
    "received_week": pl.Date(),
    "yearly_value": pl.Float64(),
    "turns": pl.List(pl.Struct({"speaker": pl.String, "text": pl.String})),
    **dict.fromkeys(("nps", "csat", "stars", "likes", "wait_seconds", "talk_seconds"), _WHOLE),
}
_COLUMNS = {
    "survey": "answer_id response_id answered_at received_at customer_number segment region "
    "yearly_value product nps question answer",
    "tickets": "ticket_id created_at received_at customer_id customer_name customer_email segment "
    "region yearly_value product body csat",
    "app_reviews": "review_id submitted_at received_at stars title body app_version store country",
    "social": "post_id posted_at received_at account text likes",
    "complaints": "Reference Date Registered Customer Name Region Product Complaint",
    "chat": "conversation_id started_at received_at customer_id turns",
    "recorded_calls": "file_name body",
    "call_log": "call_id started_at received_at customer_number queue outcome wait_seconds "
    "talk_seconds",
}
MENTIONS_SCHEMA = pl.Schema(
    {"source_id": pl.String, "external_id": pl.String, "problem_id": pl.String,
     "week_start": pl.Date, "received_week": pl.Date}
)  # fmt: skip
FEEDBACK_SCHEMA = pl.Schema(
    {"source_id": pl.String, "external_id": pl.String, "week_start": pl.Date,
     "received_week": pl.Date, "kind": pl.String, "customer_id": pl.String}
)  # fmt: skip
PII_SCHEMA = pl.Schema(
    {"source_id": pl.String, "external_id": pl.String, "kind": pl.String, "value": pl.String,
     "cue": pl.String}
)  # fmt: skip
RATES_SCHEMA = pl.Schema(
    {"problem_id": pl.String, "week_start": pl.Date, "expected_count": pl.Float64}
)
ISSUES_SCHEMA = pl.Schema(
    {"problem_id": pl.String, "name": pl.String, "function": pl.String, "touchpoint": pl.String}
)


def simulate_company(
    *, seed: int, weeks: int = 60, scale: float = 1.0, first_week: date
) -> SimulatedCompany:
    """The company's records of some weeks in its sources' own formats, and the truth about them.

    What arrives in a week is the same however many weeks are simulated after it. Records that
    would arrive after the last week are in neither files nor truth.

    Args:
        seed: Whole number that sets all chance.
        weeks: Weeks simulated; what is planted lies in the first 60.
        scale: Volume; 1 is about 700 feedback a week.
        first_week: Any date of the first week.

    Raises:
        ConfigurationError: a number is not positive, or the seed is negative.
    """
    if weeks < 1 or scale <= 0 or seed < 0:
        raise ConfigurationError(
            f"simulation of {weeks} weeks at scale {scale} with seed {seed}: take at least one "
            "week, a scale above 0 and a seed of 0 or more"
        )
    first_week = week_start(first_week)
    catalogue = read_catalogue()
    customers = invent_customers(seed, scale, first_week, catalogue)
    told: dict[str, Told] = {source_id: Told() for source_id in PROFILES}
    rates: list[tuple[str, date, float]] = []
    for week in range(weeks):
        monday = first_week + week * ONE_WEEK
        known = [customer for customer in customers if customer.signup_date <= monday]
        levels = problem_levels(catalogue, seed, monday, week)
        expected = dict.fromkeys(levels, 0.0)
        for source_id, profile in PROFILES.items():
            volume = source_volume(source_id, monday, week, scale)
            counts = problem_rates(catalogue, source_id, levels, volume)
            dice = Dice(seed, SOURCE_NUMBERS[source_id], week)
            scene = Scene(profile, monday, week, scale, dice, catalogue, known, counts)
            part = _TELLERS[source_id](scene)
            told[source_id].rows += part.rows
            told[source_id].acts += part.acts
            for problem, count in counts.items():
                expected[problem] += count
        rates += [(problem, monday, round(count, 6)) for problem, count in expected.items()]
    last = first_week + (weeks - 1) * ONE_WEEK
    return SimulatedCompany(
        seed=seed,
        first_week=first_week,
        weeks=weeks,
        scale=scale,
        sources={id_: _frame(id_, told[id_].rows, last) for id_ in PROFILES},
        truth=_truth(told, last)
        | {
            "issues": _issues(catalogue),
            "events": planted_events(first_week, weeks),
            "rates": pl.DataFrame(rates, schema=RATES_SCHEMA, orient="row"),
        },
        customers=customers_frame([one for one in customers if one.signup_date <= last]),
        orders=invent_orders(seed, scale, first_week, weeks),
    )


def _frame(source_id: str, rows: list[dict[str, Any]], last: date) -> pl.DataFrame:
    names = [*_COLUMNS[source_id].split(), "note", "received_week"]
    schema = {name: _TYPES.get(name, _TEXT) for name in names}
    if source_id == "social":
        schema |= {"posted_at": _INSTANT, "received_at": _INSTANT}
    kept = [row for row in rows if row["received_week"] <= last]
    return pl.DataFrame(kept, schema=schema, orient="row").sort("received_week", names[0])


def _truth(told: dict[str, Told], last: date) -> dict[str, pl.DataFrame]:
    acts = [
        (source_id, act, week_start(act.occurred_at.date()))
        for source_id, part in told.items()
        for act in part.acts
        if act.received_week <= last
    ]
    key = ["source_id", "external_id"]
    feedback = _rows(FEEDBACK_SCHEMA, (_feedback(*one) for one in acts))
    mentions = _rows(
        MENTIONS_SCHEMA,
        (
            (source_id, act.external_id, problem, week, act.received_week)
            for source_id, act, week in acts
            for problem in act.plan.problems
        ),
    )
    pii = _rows(
        PII_SCHEMA,
        (
            (source_id, act.external_id, planted.kind, planted.value, planted.cue)
            for source_id, act, _ in acts
            for planted in act.planted
        ),
    )
    return {
        "feedback": feedback.sort(key),
        "mentions": mentions.sort([*key, "problem_id"]),
        "pii": pii.sort([*key, "kind", "value"]),
    }


def _feedback(source_id: str, act: Act, week: date) -> tuple[str, str, date, date, str, str | None]:
    kind = "contact" if source_id == "call_log" else act.plan.kind
    customer = None if source_id in ("app_reviews", "recorded_calls") else act.customer.customer_id
    return source_id, act.external_id, week, act.received_week, kind, customer


def _rows(schema: pl.Schema, rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def _issues(catalogue: Catalogue) -> pl.DataFrame:
    return _rows(
        ISSUES_SCHEMA,
        ((one.id, one.name, one.function, one.touchpoint) for one in catalogue.problems.values()),
    )
