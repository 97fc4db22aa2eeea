"""A made-up company's tables for the report: every number follows from the seed."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from models.settings import Settings
from voc_pipeline.report import ReportTables

WEEK = date(2026, 11, 9)
CUTOFF = datetime(2026, 11, 16, 6, tzinfo=UTC).replace(tzinfo=None)
ISSUES = (
    ("Charged twice for one order", "billing"),
    ("Refund not received after 10 days", "billing"),
    ("Promo code rejected at payment", "billing"),
    ("Checkout freezes after the app update", "digital"),
    ("Cannot log in after password reset", "digital"),
    ("Search results irrelevant", "digital"),
    ("Address form rejects flat numbers", "digital"),
    ("Parcel marked delivered, not received", "fulfilment"),
    ("Delivery later than promised", "fulfilment"),
    ("Item damaged in transit", "fulfilment"),
    ("Wrong item sent", "fulfilment"),
    ("On hold more than 20 minutes", "care"),
    ("Had to repeat the story to each agent", "care"),
    ("Return label does not print", "care"),
    ("Offer terms unclear or misleading", None),
    ("Emails keep arriving after opt-out", None),
)
SOURCES = ("phone", "chat", "store_reviews", "survey")
PRODUCTS = ("Harbour Card", "Hale Home", "Hale Express", None)
REGIONS = ("North", "South", "East", "West")
FIGURE_SCHEMA = {
    "week_start": pl.Date, "issue_id": pl.String, "figure": pl.String,
    "value": pl.Float64, "value_text": pl.String, "as_of": pl.Datetime("us"),
}  # fmt: skip
PLACE_SCHEMA = {
    "week_start": pl.Date, "issue_id": pl.String, "dimension": pl.String, "cell": pl.String,
    "second_dimension": pl.String, "second_cell": pl.String, "feedback_count": pl.Int64,
    "usual_share": pl.Float64, "expected_count": pl.Float64, "contribution": pl.Float64,
    "p_value": pl.Float64, "is_finding": pl.Boolean, "is_new_cell": pl.Boolean,
}  # fmt: skip
PATTERN_SCHEMA = {
    "week_start": pl.Date, "issue_id": pl.String, "only_source_id": pl.String,
    "is_one_account": pl.Boolean, "is_one_text": pl.Boolean, "is_one_hour": pl.Boolean,
    "is_one_batch": pl.Boolean, "reason": pl.String,
}  # fmt: skip
TERM_SCHEMA = {
    "week_start": pl.Date, "issue_id": pl.String, "term": pl.String, "term_rank": pl.Int64,
}  # fmt: skip
ISSUE_SCHEMA = {
    "register_week": pl.Date, "issue_id": pl.String, "label": pl.String,
    "function": pl.String, "first_week": pl.Date,
}  # fmt: skip
QUOTE_SCHEMA = {
    "register_week": pl.Date, "issue_id": pl.String, "quote_rank": pl.Int64,
    "is_edge": pl.Boolean, "segment_id": pl.String, "quote": pl.String,
}  # fmt: skip
NOTICE_SCHEMA = {
    "week_start": pl.Date, "verdict": pl.String, "source_id": pl.String, "dimension": pl.String,
    "cell": pl.String, "observed_count": pl.Float64, "expected_count": pl.Float64,
    "reason": pl.String,
}  # fmt: skip
HEALTH_SCHEMA = {
    "source_id": pl.String, "week_start": pl.Date, "channel": pl.String,
    "expected_count": pl.Float64, "arrived_count": pl.Int64, "late_count": pl.Int64,
    "rejected_count": pl.Int64, "last_seen_at": pl.Datetime("us"), "state": pl.String,
    "is_required": pl.Boolean, "message": pl.String,
}  # fmt: skip
_LEDGER = (
    "fetched", "loaded", "revised", "deleted", "duplicate", "rejected", "suppressed",
    "outside_window",
)  # fmt: skip
LOAD_SCHEMA = {
    "source_id": pl.String, "received_week": pl.Date, "load_number": pl.Int64,
    **{f"{name}_count": pl.Int64 for name in _LEDGER},
}  # fmt: skip
REJECT_SCHEMA = {
    "source_id": pl.String, "scope": pl.String, "reason": pl.String,
    "remedy": pl.String, "reject_count": pl.Int64,
}  # fmt: skip
RESTATEMENT_SCHEMA = {
    "as_of_week": pl.Date, "week_start": pl.Date, "issue_id": pl.String, "figure": pl.String,
    "was_value": pl.String, "is_value": pl.String, "reason": pl.String,
    "as_of": pl.Datetime("us"),
}  # fmt: skip
BACK_TEST_SCHEMA = {
    "week_start": pl.Date, "volume_band": pl.String, "issue_week_count": pl.Int64,
    "inside_share": pl.Float64, "above_share": pl.Float64, "alarm_count": pl.Int64,
    "alarms_per_week": pl.Float64, "chance_alarms_per_week": pl.Float64,
}  # fmt: skip


def settings(**company: Any) -> Settings:
    """Four sources, four functions; one of them without an owner."""
    return Settings.model_validate(
        {
            "company": {
                "id": "harbour", "name": "Harbour & Hale", "time_zone": "Europe/London",
                "start_week": "2024-W46", "is_simulated": True, **company,
            },
            "functions": [
                {"id": "billing", "name": "Billing", "owner": "M. Okafor"},
                {"id": "digital", "name": "Digital & UI", "owner": "P. Nair"},
                {"id": "fulfilment", "name": "Fulfilment", "owner": "T. Haddad"},
                {"id": "care", "name": "Call centre", "owner": ""},
            ],
            "sources": [
                {
                    "id": one, "name": name, "channel": channel, "kind": "files",
                    "paths": ["x/*.csv"],
                    "columns": {"occurred_at": ["at"], "verbatim": ["text"]},
                }
                for one, name, channel in zip(
                    SOURCES, ("Phone transcripts", "Chat", "Store reviews", "Relationship survey"),
                    ("call", "chat", "review", "survey"), strict=True,
                )
            ],
        }
    )  # fmt: skip


def figure_rows(week: date, issue_id: str, **figures: Any) -> list[dict[str, Any]]:
    """Published figures of one issue and week: numbers as value, texts as value_text."""
    return [
        {
            "week_start": week, "issue_id": issue_id, "figure": name,
            "value": None if isinstance(one, str) or one is None else float(one),
            "value_text": one if isinstance(one, str) else None,
            "as_of": CUTOFF,
        }
        for name, one in figures.items()
    ]  # fmt: skip


def issue_figures(count: int, expected: float | None = 20.0, **more: Any) -> dict[str, Any]:
    """The figures of one issue in one week, ranged two deviations around the expected count."""
    known = expected is not None
    spread = 2 * (expected**0.5) if known else 0.0
    return {
        "feedback_count": count,
        "customer_count": max(count - count // 12, 0),
        "exposure": 1500.0,
        "expected_count": expected,
        "lower_bound": max(expected - spread, 0.0) if known else None,
        "upper_bound": expected + spread if known else None,
        "rate_ratio": count / expected if known else None,
        "rate_ratio_lower": count / expected * 0.8 if known else None,
        "rate_ratio_upper": count / expected * 1.25 if known else None,
        "verdict": "STEADY" if known else "INSUFFICIENT_HISTORY",
        "verdict_weeks": 1,
        "is_alarm": False,
        "reason": f"{count} reports.",
    } | more


def _last_week(place: int, base: float) -> dict[str, Any]:
    plans: dict[int, dict[str, Any]] = {
        0: issue_figures(round(base * 3), base, verdict="SPIKING", verdict_weeks=2, is_alarm=True),
        3: issue_figures(72, None, verdict="NEW", verdict_weeks=4, is_alarm=True),
        7: issue_figures(round(base * 1.9), base, verdict="SPIKING", is_alarm=True),
        8: issue_figures(round(base * 1.35), base, verdict="RISING", verdict_weeks=3),
        11: issue_figures(round(base + 2.4 * base**0.5), base),
        5: issue_figures(round(base * 0.5), base, verdict="DECLINING"),
        12: issue_figures(round(base * 0.1), base, verdict="RESOLVED"),
    }  # fmt: skip
    return plans.get(place % 16, {})


def _reasoned(figures: dict[str, Any]) -> dict[str, Any]:
    """A reason as long as the ones that trends writes."""
    count, expected = figures["feedback_count"], figures["expected_count"]
    if expected is None:
        return figures | {"reason": f"First mentioned 3 weeks ago; {count} reports, beyond chance"}
    lower, upper = int(figures["lower_bound"]), int(figures["upper_bound"])
    said = f"{count} reports against {lower}-{upper} expected"
    if figures["verdict"] == "SPIKING":
        said += f"; {count / expected:.1f} times the usual rate"
    if figures["verdict"] == "RISING":
        said = f"{6 * count} reports in the last 6 weeks, 1.4 times the rate of the half year "
        said += f"before; {count} reports against {lower}-{upper} expected this week"
    return figures | {"reason": said}


@cache
def tables(issue_count: int = 16, week_count: int = 104, seed: int = 7) -> ReportTables:
    """Two jumps, one new, one rising, one above by chance, one falling, one resolved."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    bases = 15 + 90 * random.random(issue_count)
    for back in range(week_count - 1, -1, -1):
        week = WEEK - timedelta(weeks=back)
        total = int(random.poisson(1500))
        for place in range(issue_count):
            base = float(bases[place])
            count = int(random.poisson(base))
            planned = _last_week(place, base) if back == 0 else {}
            if place % 16 == 3 and back > 0:
                count = (36, 8, 4)[back - 1] if back <= 3 else 0
                planned = issue_figures(count, None)
            if place % 16 == 3 and back > 3:
                continue
            figures = planned or issue_figures(count if back else round(base), base)
            rows += figure_rows(week, f"ISS-{place + 1:04d}", **_reasoned(figures))
        rows += figure_rows(
            week, "", feedback_count=total, customer_count=total - 90, exposure=float(total),
            problem_count=int(total * (0.41 + 0.02 * random.standard_normal())),
            negative_share=float(0.38 + 0.012 * random.standard_normal()),
        )  # fmt: skip
    return ReportTables(
        figures=pl.DataFrame(rows, schema=FIGURE_SCHEMA),
        issues=issue_rows(issue_count),
        quotes=quote_rows(issue_count),
        places=place_rows(rows),
        patterns=pattern_rows(),
        new_terms=pl.DataFrame(
            [(WEEK, "ISS-0004", term, rank) for rank, term in enumerate(("8.2.0", "frozen"), 1)],
            schema=TERM_SCHEMA,
            orient="row",
        ),
        health=health_rows(),
        loads=load_rows(),
        rejects=pl.DataFrame(
            [
                ("phone", "record", "no usable date in column called_at", "Fill called_at.", 14),
                ("survey", "score", "score 11 is outside 0 to 10", "Correct the scale.", 3),
            ],
            schema=REJECT_SCHEMA,
            orient="row",
        ),
        restatements=pl.DataFrame(
            [
                (WEEK, WEEK - timedelta(weeks=1), "ISS-0001", "feedback_count", "61", "64", "late",
                 CUTOFF),
            ],
            schema=RESTATEMENT_SCHEMA,
            orient="row",
        ),
        back_test=pl.DataFrame(
            [
                (WEEK, "all", 4120, 0.907, 0.046, 31, 0.3125, 0.0703),
                (WEEK, "10 and more", 2980, 0.899, 0.051, 29, 0.2932, 0.0611),
                (WEEK, "3 to 10", 12, 0.9167, 0.0833, 1, 0.0101, 0.0042),
                (WEEK, "under 1", 0, None, None, 0, None, None),
            ],
            schema=BACK_TEST_SCHEMA,
            orient="row",
        ),
    )  # fmt: skip


def issue_rows(issue_count: int) -> pl.DataFrame:
    rows = [
        (
            WEEK, f"ISS-{place + 1:04d}",
            ISSUES[place % 16][0] + (f" ({place // 16 + 1})" if place >= 16 else ""),
            ISSUES[place % 16][1],
            WEEK - timedelta(weeks=3 if place % 16 == 3 else 103),
        )
        for place in range(issue_count)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ISSUE_SCHEMA, orient="row")


def quote_rows(issue_count: int) -> pl.DataFrame:
    words = (
        "Tapped pay and the screen just stopped. Tried four times, then bought it somewhere else.",
        "Since the update it hangs after I put my address in.",
        "They took the money twice and want me to wait ten days for my own cash.",
    )
    rows = [
        (WEEK, f"ISS-{place + 1:04d}", rank, rank == 3, f"{place * 7 + rank:032x}-1-0", quote)
        for place in range(issue_count)
        for rank, quote in enumerate(words, start=1)
    ]
    return pl.DataFrame(rows, schema=QUOTE_SCHEMA, orient="row")


def place_rows(figures: list[dict[str, Any]]) -> pl.DataFrame:
    """The excess of each issue of the last week by cell; two issues have their own places."""
    cells = {
        "product": (PRODUCTS, (0.3, 0.3, 0.22, 0.18)),
        "region": (REGIONS, (0.3, 0.2, 0.2, 0.3)),
        "source_id": (SOURCES, (0.4, 0.3, 0.1, 0.2)),
    }
    own = {("ISS-0001", "product"): (0.1, 0.1, 0.72, 0.08), ("ISS-0004", "source_id"): (0, 0, 1, 0)}
    last = {
        (row["issue_id"], row["figure"]): row["value"]
        for row in figures
        if row["week_start"] == WEEK and row["issue_id"]
    }
    rows = []
    for issue_id in sorted({one for one, _ in last}):
        count, expected = last[issue_id, "feedback_count"], last[issue_id, "expected_count"] or 0.0
        for dimension, (names, usual) in cells.items():
            shares = own.get((issue_id, dimension), usual)
            held = [int(count * share) for share in shares]
            held[0] += int(count) - sum(held)
            is_own = (issue_id, dimension) == ("ISS-0001", "product")
            rows += [
                (
                    WEEK,
                    issue_id,
                    dimension,
                    cell,
                    "",
                    None,
                    one,
                    share,
                    expected * share,
                    one - expected * share,
                    0.001 if is_own and place == 2 else None,
                    is_own and place == 2,
                    False,
                )
                for place, (cell, share, one) in enumerate(zip(names, usual, held, strict=True))
            ]
    return pl.DataFrame(rows, schema=PLACE_SCHEMA, orient="row")


def pattern_rows() -> pl.DataFrame:
    rows = [
        (WEEK, "ISS-0004", "store_reviews", False, False, False, False, "All in one source"),
        (WEEK, "ISS-0008", None, False, True, False, False, "14 voices used the same words"),
    ]
    return pl.DataFrame(rows, schema=PATTERN_SCHEMA, orient="row")


def notice_rows(*more: tuple[Any, ...]) -> pl.DataFrame:
    """A notice of each verdict that is none on a source's state."""
    rows = [
        ("DUPLICATE_STORM", "chat", "", None, 480.0, 2.0),
        ("COVERAGE_CHANGE", "survey", "region", "Islands", 31.0, 0.0),
        ("LATE_RECORDS", "phone", "", None, 30.0, 1.4),
        ("PROVISIONAL", "store_reviews", "", None, 64.2, 380.0),
        *more,
    ]
    known = [(WEEK, *row, "As the trends say.") for row in rows]
    return pl.DataFrame(known, schema=NOTICE_SCHEMA, orient="row")


def health_rows(**states: str) -> pl.DataFrame:
    """Twelve weeks of four sources; `chat="silent"` gives the last week's state."""
    rows = []
    for source_id, channel in zip(SOURCES, ("call", "chat", "review", "survey"), strict=True):
        for back in range(12):
            state = states.get(source_id, "ok") if back == 0 else "ok"
            arrived = {"ok": 380, "silent": 0, "failed": 0, "quiet": 80, "surge": 2400}[state]
            rows.append(
                (source_id, WEEK - timedelta(weeks=back), channel, 384.0, arrived, arrived // 19,
                 14 if source_id == "phone" and back == 0 else 0, CUTOFF - timedelta(hours=9),
                 state, False, "HTTP 503 after 3 tries" if state == "failed" else "")
            )  # fmt: skip
    return pl.DataFrame(rows, schema=HEALTH_SCHEMA, orient="row")


def load_rows() -> pl.DataFrame:
    rows = [
        (source_id, WEEK - timedelta(weeks=back), 1, 412, 380, 6, 1, 8, 14, 1, 2)
        for source_id in SOURCES
        for back in range(12)
    ]
    return pl.DataFrame(rows, schema=LOAD_SCHEMA, orient="row")


def empty(**frames: pl.DataFrame) -> ReportTables:
    """Frames without rows, but for those given."""
    schemas = {
        "figures": FIGURE_SCHEMA, "issues": ISSUE_SCHEMA, "quotes": QUOTE_SCHEMA,
        "places": PLACE_SCHEMA, "patterns": PATTERN_SCHEMA, "new_terms": TERM_SCHEMA,
        "health": HEALTH_SCHEMA, "loads": LOAD_SCHEMA,
        "rejects": REJECT_SCHEMA, "restatements": RESTATEMENT_SCHEMA, "back_test": BACK_TEST_SCHEMA,
    }  # fmt: skip
    return ReportTables(
        **{name: frames.get(name, pl.DataFrame(schema=one)) for name, one in schemas.items()}
    )
