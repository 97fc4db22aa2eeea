"""A million mapped records to conformed feedback: seconds by step and peak memory. Prints JSON.

`uv run python -m benchmarks.conform [--rows N]`. The texts are made here from parts, nearly all
distinct: about one in twenty holds personal data, one in ten a known name, one in fifty is not
English, one in five is pasted again, one in eight has no words.
"""

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

import polars as pl

from models.feedback import MappedRecord
from voc_pipeline.feedback.cleaning import clean_text, void_to_null
from voc_pipeline.feedback.conform import ConformOptions, mask_records
from voc_pipeline.feedback.duplicates import EARLIER_SCHEMA, mark_duplicates, text_keys
from voc_pipeline.feedback.language import detect_languages
from voc_pipeline.feedback.masking import mask_column

KEY = b"benchmark key, not a secret"
OPENINGS = (
    "The app crashed again when I tried to pay", "I have been waiting for my refund since Monday",
    "Delivery was late and nobody told me why", "Great service, I was helped in two minutes",
    "You charged me twice for the same month", "I can't log in since the update",
    "The box was damaged and one part is missing", "Why is the price higher than on the website",
    "Your chat closed before anyone answered", "My internet drops every evening around eight",
)  # fmt: skip
CLOSINGS = (
    "please fix this soon", "order {n}", "it took {d} days", "I will not buy here again",
    "thanks for your help", "this is the third time", "ticket {n} is still open",
    "the store in Leeds was nice", "I want my money back", "what should I do now",
    "the meal for {d} people came cold", "{d} calls and {d} mails so far", "gate {d} was closed",
    "it happens on my phone and on the tablet", "nobody answers the phone", "version 4.{d}.1",
)  # fmt: skip
PERSONAL = (
    "my name is {name}", "call me at 415-555-{d4}", "write to {name}{d}@example.com",
    "I spoke with {name}", "card 4111 1111 1111 1111", "I live at {d4} Oak Street",
    "Regards,\n{name}", "my number is 0{d4}{d4}1", "IP 10.2.{d}.4",
)  # fmt: skip
FOREIGN = (
    "Die Lieferung ist nicht gekommen und ich warte seit {d} Tagen",
    "La aplicación no funciona y el servicio es muy lento, llevo {d} días",
    "Je ne peux pas me connecter à mon compte depuis {d} jours",
)
NAMES = ("Anna", "Peter", "Olga", "Kevin", "Laura", "Sandeep", "Monika", "Julia")
T = TypeVar("T")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    mapped = made_records(rows)
    made_mb = _peak_mb()
    cpu_started = time.process_time()
    seconds: dict[str, float] = {}
    options = ConformOptions(pseudonym_key=KEY, time_zone="Europe/London")
    conformed = timed(seconds, "mask_records", lambda: mask_records(mapped, options))
    marked = timed(
        seconds,
        "mark_duplicates",
        lambda: mark_duplicates(conformed.feedback, EARLIER_SCHEMA.to_frame()),
    )
    peak_mb = _peak_mb()
    cpu_seconds = round(time.process_time() - cpu_started, 2)
    parts: dict[str, float] = {}
    texts = timed(
        parts,
        "clean",
        lambda: mapped.lazy().with_columns(clean_text("verbatim"))
        .select(void_to_null("verbatim")).collect().to_series(),
    )  # fmt: skip
    timed(parts, "mask_column", lambda: mask_column(texts))
    timed(parts, "text_keys", lambda: text_keys(texts))
    words = pl.DataFrame({"t": texts.drop_nulls().unique()}).with_columns(
        w=pl.col("t").str.count_matches(r"\w+")
    )
    timed(parts, "detect_languages", lambda: detect_languages(words, text="t", words="w"))
    print(
        json.dumps(
            {
                "rows": marked.height,
                "distinct_texts": texts.n_unique(),
                "masked_rows": marked.filter(pl.col("masked_count") > 0).height,
                "copies": marked.filter(pl.col("duplicate_kind") != "none").height,
                "languages": {
                    str(code): count
                    for code, count in marked["language"].value_counts(sort=True).head(6).rows()
                },
                "seconds": seconds,
                "seconds_total": round(sum(seconds.values()), 2),
                "cpu_seconds_total": cpu_seconds,
                "seconds_of_parts_alone": parts,
                "peak_mb_before": made_mb,
                "peak_mb": peak_mb,
            },
            indent=1,
        )
    )
    return 0


def timed(seconds: dict[str, float], name: str, step: Callable[[], T]) -> T:
    started = time.perf_counter()
    result = step()
    seconds[name] = round(time.perf_counter() - started, 2)
    return result


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def made_records(rows: int) -> pl.DataFrame:
    """Columns of MappedRecord, the same for the same number of rows."""
    chance = random.Random(7)  # noqa: S311
    texts = [made_text(chance) for _ in range(rows)]
    start = datetime(2026, 1, 5)  # noqa: DTZ001
    nothing = pl.lit(None, dtype=pl.String)
    number = pl.lit(None, dtype=pl.Float64)
    frame = pl.DataFrame({"verbatim": texts}).with_row_index("n")
    return frame.select(
        source_id=pl.lit("survey"),
        external_id=pl.format("R-{}", "n"),
        revision=pl.lit(1, dtype=pl.Int64),
        is_deleted=pl.lit(False),
        occurred_at=pl.lit(start) + pl.duration(seconds=pl.col("n") % (60 * 7 * 86_400)),
        received_at=pl.lit(start + timedelta(weeks=60)),
        received_week=pl.lit(date(2027, 3, 1)),
        channel=pl.lit("survey"),
        customer_id=pl.format("C{}", pl.col("n") % 300_000),
        known_values=pl.when(pl.col("n") % 10 == 0)
        .then(pl.lit(["Anna Kowalska", "anna.k@example.com"]))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        response_id=nothing,
        question=pl.lit("What could we do better?"),
        product=pl.lit("Plan S"),
        touchpoint=nothing,
        customer_segment=nothing,
        region=pl.lit("North"),
        customer_value=number,
        score=(pl.col("n") % 11).cast(pl.Float64),
        score_metric=pl.lit("nps"),
        score_min=pl.lit(0.0),
        score_max=pl.lit(10.0),
        language=nothing,
        verbatim="verbatim",
        agent_verbatim=nothing,
        outcome=nothing,
        queue=nothing,
        wait_seconds=number,
        duration_seconds=number,
        attributes=nothing,
    ).select(list(MappedRecord.model_fields))


def made_text(chance: random.Random) -> str | None:
    kind = chance.random()
    if kind < 0.125:
        return None
    if kind < 0.325:
        return f"{chance.choice(OPENINGS)}, {CLOSINGS[chance.randrange(4)].format(n=1, d=2)}."
    parts = [chance.choice(OPENINGS), *chance.sample(CLOSINGS, 3)]
    if kind < 0.375:
        parts.insert(1, chance.choice(PERSONAL))
    elif kind < 0.395:
        parts = [chance.choice(FOREIGN), f"{chance.randrange(10**6)}"]
    made = ". ".join(parts)
    return made.format(
        n=chance.randrange(10**5, 10**7),
        d=chance.randrange(2, 90),
        d4=chance.randrange(1000, 9999),
        name=chance.choice(NAMES),
    )


if __name__ == "__main__":
    sys.exit(main())
