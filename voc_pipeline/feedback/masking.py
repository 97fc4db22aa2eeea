"""Masking: one text until nothing changes any more, or a column of texts at speed.

A column is searched first with each rule's trigger (vectorised); only texts that can hold
something are looked at in Python, and only by the rules whose trigger they met. What is personal
is said by the rules (masking_rules_*) and by the record itself (masking_known).

Limit: a conversation's two sides are two texts here, so a question of the agent does not serve as
a cue for the customer's answer; the answer is masked by its own form, cues and known values.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from voc_pipeline.feedback.masking_known import known_spans, known_terms
from voc_pipeline.feedback.masking_rules import RULES
from voc_pipeline.feedback.masking_rules_contact import plain_urls
from voc_pipeline.feedback.masking_spans import TOKEN, Rule, Span, settle

MOST_PASSES = 8
FEW_TEXTS = 50
"""Up to so many texts meet every rule: the triggers take longer to compile."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data, and how many masks were put into it."""

    text: str
    count: int


Terms = Sequence[tuple[str, str]]
"""Values of the record to look for, with their tokens (masking_known.known_terms)."""


def mask_text(
    text: str, *, known_values: Sequence[str] = (), allowed_names: tuple[str, ...] = ()
) -> Masked:
    """The text with personal data replaced by tokens such as [EMAIL]; masking it again is idle.

    Args:
        text: cleaned text (NFC, no control characters).
        known_values: names, e-mails, user names of the record, masked wherever they stand.
        allowed_names: brands that look like names of persons and stay readable.
    """
    terms = known_terms(known_values)
    count = 0
    for _ in range(MOST_PASSES):
        spans = _spans(text, terms, allowed_names, RULES)
        if not spans:
            break
        text = _replaced(text, spans)
        count += len(spans)
    return Masked(text, count)


def _spans(
    text: str,
    terms: Terms,
    allowed_names: tuple[str, ...],
    rules: Sequence[Rule],
) -> list[Span]:
    tokens = [(*match.span(), "") for match in TOKEN.finditer(text)]
    urls = plain_urls(text)
    allowed = _allowed(text, allowed_names)
    found: list[Span] = []
    for rule in rules:
        for start, end, token in rule.find(text):
            shut = [*urls, *allowed] if token == "NAME" else urls  # noqa: S105
            if not any(s < end and start < e for s, e, _ in shut):
                found.append((start, end, token))
    found += known_spans(text, terms)
    return settle(found, tokens, text)


def _replaced(text: str, spans: Sequence[Span]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end, token in spans:
        pieces += (text[position:start], f"[{token}]")
        position = end
    return "".join((*pieces, text[position:]))


@lru_cache(maxsize=8)
def _allowed_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    words = [
        re.escape(name.strip()) for name in sorted(names, key=len, reverse=True) if name.strip()
    ]
    if not words:
        return None
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(words)})(?![^\W_])", re.IGNORECASE)


def _allowed(text: str, names: tuple[str, ...]) -> list[Span]:
    pattern = _allowed_pattern(names)
    return [(*match.span(), "") for match in pattern.finditer(text)] if pattern else []


def mask_column(texts: pl.Series, allowed_names: tuple[str, ...] = ()) -> pl.DataFrame:
    """One row per distinct text that masking changes: columns text, masked, count.

    The result equals `mask_text` of each text, without known values.
    """
    distinct = texts.drop_nulls().unique()
    masked = mask_texts(distinct, [()] * len(distinct), allowed_names)
    return pl.DataFrame(
        {
            "text": distinct.gather(masked["place"]),
            "masked": masked["masked"],
            "count": masked["count"],
        }
    )


def mask_texts(
    texts: pl.Series, terms: Sequence[Terms], allowed_names: tuple[str, ...] = ()
) -> pl.DataFrame:
    """One row per text that masking changes: columns place (its index in `texts`), masked, count.

    Args:
        texts: cleaned texts, no nulls.
        terms: for each text, the values of its record to look for.
        allowed_names: brands that stay readable.
    """
    changed: dict[int, Masked] = {}
    current = texts.to_frame("text").with_row_index("place")
    for _ in range(MOST_PASSES):
        passed: list[tuple[int, str]] = []
        for place, text, rules in _triggered(current, terms):
            spans = _spans(text, terms[place], allowed_names, rules)
            if spans:
                masked = _replaced(text, spans)
                before = changed[place].count if place in changed else 0
                changed[place] = Masked(masked, before + len(spans))
                passed.append((place, masked))
        if not passed:
            break
        current = pl.DataFrame(passed, schema=current.schema, orient="row")
    return pl.DataFrame(
        [(place, masked.text, masked.count) for place, masked in changed.items()],
        schema={"place": pl.UInt32, "masked": pl.String, "count": pl.Int64},
        orient="row",
    )


def _triggered(
    current: pl.DataFrame, terms: Sequence[Terms]
) -> Iterator[tuple[int, str, Sequence[Rule]]]:
    """The texts that can hold something, each with the rules whose trigger it meets."""
    if current.height <= FEW_TEXTS:
        yield from ((place, text, RULES) for place, text in current.iter_rows())
        return
    flagged = current.with_columns(
        pl.col("text").str.contains(_ascii_boundaries(rule.trigger)).alias(rule.name)
        for rule in RULES
    )
    has_terms = pl.Series([bool(terms[place]) for place in current["place"]], dtype=pl.Boolean)
    hits = flagged.filter(pl.any_horizontal(rule.name for rule in RULES) | has_terms)
    for place, text, *met in hits.iter_rows():
        yield place, text, [rule for rule, is_met in zip(RULES, met, strict=True) if is_met]


def _ascii_boundaries(trigger: str) -> str:
    r"""The trigger with ASCII word boundaries: met by no text less, and ten times faster."""
    return trigger.replace(r"\b", r"(?-u:\b)")
