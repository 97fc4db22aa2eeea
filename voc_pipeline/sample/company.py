"""The fictional company: its functions, customers and orders, and what a simulation hands over.

Nothing here draws texts or events.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from models.week import ONE_WEEK
from voc_pipeline.sample.personal import invent_person
from voc_pipeline.sample.wording import Catalogue, Dice

COMPANY_ID = "harbour-and-hale"
COMPANY_NAME = "Harbour & Hale (simulated)"
TIME_ZONE = "Europe/London"
CURRENCY = "GBP"
DEFAULT_FIRST_WEEK = date(2025, 9, 22)
"""60 weeks from here end with 2026-W46."""
CUSTOMERS = 9_000
WEEKLY_ORDERS = 9_500
NOTE = "simulated"
_REGIONS = ("London", "South East", "South West", "Midlands", "North West", "North East",
            "Scotland", "Wales")  # fmt: skip
_SEGMENTS = ("New", "Regular", "Regular", "Regular", "Club", "Club", "Business")
_HISTORY_DAYS = 5 * 365
_YEAR_ON_SALE_DAYS = 420


class Function(NamedTuple):
    """A part of the company, its fictional owner, and phrases typical of its problems."""

    id: str
    name: str
    owner: str
    seeds: tuple[str, ...]


FUNCTIONS = (
    Function("call_centre", "Call centre", "S. Whitlock", (
        "waiting on hold on the phone for a long time", "the agent on the phone was rude",
        "call was cut off while being transferred", "had to repeat my story to every adviser",
        "automated phone menu never reaches a human")),
    Function("sales", "Sales", "J. Lindqvist", (
        "the price on the invoice differs from the quote", "sales never called me back",
        "the sales adviser gave me wrong product advice", "pressured to buy an extended warranty")),
    Function("marketing", "Marketing", "A. Ferrante", (
        "the offer terms are misleading", "marketing emails keep coming after unsubscribing",
        "loyalty points were not added", "the product looks different from the photo")),
    Function("digital", "Digital & UI", "P. Nair", (
        "the app crashes", "checkout in the app freezes", "cannot log in after password reset",
        "search results are irrelevant", "the website is slow", "the address form rejects my flat",
        "the basket is empty again", "tracking page shows the wrong status",
        "fingerprint sign in loops")),
    Function("billing", "Billing", "M. Okafor", (
        "charged twice for one order", "refund not received", "promo code rejected",
        "gift card balance is wrong", "card payment declined", "instalment taken on wrong day",
        "VAT invoice missing")),
    Function("fulfilment", "Fulfilment", "T. Haddad", (
        "delivery was late", "parcel marked delivered but not received", "item arrived damaged",
        "wrong item sent", "item missing from the parcel", "delivery slot missed",
        "too much packaging", "click and collect order not ready", "order cancelled out of stock",
        "courier threw the parcel", "parcel stolen from the doorstep")),
    Function("post_sale", "Post-sale support", "R. Mbeki", (
        "return label does not print", "warranty claim rejected", "assembly instructions missing",
        "spare parts not available", "return was not collected", "support does not answer emails")),
)  # fmt: skip


class Customer(NamedTuple):
    """One customer of the company."""

    customer_id: str
    name: str
    email: str
    region: str
    segment: str
    value: float
    signup_date: date


@dataclass(frozen=True)
class SimulatedCompany:
    """All that one simulation made; the same seed, scale and first week give the same content."""

    seed: int
    first_week: date
    weeks: int
    scale: float
    sources: Mapping[str, pl.DataFrame]
    """Source id to its records in the source's own columns, and `received_week`: the Monday of the
    week whose file holds the record, not part of the file."""
    truth: Mapping[str, pl.DataFrame]
    """issues, mentions, feedback, events, pii, rates."""
    customers: pl.DataFrame
    orders: pl.DataFrame

    @property
    def last_week(self) -> date:
        """Monday of the last simulated week."""
        return self.first_week + (self.weeks - 1) * ONE_WEEK


def invent_customers(
    seed: int, scale: float, first_week: date, catalogue: Catalogue
) -> list[Customer]:
    """Customers by the day they signed up, five years before the first week to a year after it."""
    dice = Dice(seed, 1)
    count = max(300, round(CUSTOMERS * scale))
    start = first_week - timedelta(days=_HISTORY_DAYS)
    days = sorted(int(dice.share() * (_HISTORY_DAYS + _YEAR_ON_SALE_DAYS)) for _ in range(count))
    customers = []
    for number, day in enumerate(days):
        person = invent_person(number, catalogue, dice)
        segment = dice.pick(_SEGMENTS)
        value = dice.gamma(1400.0 if segment == "Business" else 380.0, 0.8)
        customers.append(
            Customer(
                f"C-{100_000 + number}", person.name, person.email, dice.pick(_REGIONS), segment,
                round(value, 2), start + timedelta(days=day),
            )
        )  # fmt: skip
    return customers


def busyness(monday: date, week: int) -> float:
    """How busy the shop is, 1 in an ordinary first week: slow growth and the weeks to Christmas."""
    peak = {47: 1.06, 48: 1.14, 49: 1.12, 50: 1.1, 51: 1.06, 52: 0.92, 1: 0.9}
    return (1 + 0.0015 * week) * peak.get(monday.isocalendar().week, 1.0)


def invent_orders(seed: int, scale: float, first_week: date, weeks: int) -> pl.DataFrame:
    """One row per week: orders sent, who could have complained."""
    rows = []
    for week in range(weeks):
        monday = first_week + week * ONE_WEEK
        mean = WEEKLY_ORDERS * scale * busyness(monday, week)
        rows.append((monday, Dice(seed, 2, week).poisson(mean), NOTE))
    return pl.DataFrame(rows, schema={"week_start": pl.Date, "orders": pl.Int64, "note": pl.String},
                        orient="row")  # fmt: skip


def customers_frame(customers: list[Customer]) -> pl.DataFrame:
    """One row per customer."""
    schema = {"customer_id": pl.String, "name": pl.String, "email": pl.String, "region": pl.String,
              "segment": pl.String, "value": pl.Float64, "signup_date": pl.Date}  # fmt: skip
    frame = pl.DataFrame(customers, schema=schema, orient="row")
    return frame.with_columns(pl.lit(NOTE).alias("note"))
