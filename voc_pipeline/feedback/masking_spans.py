"""What a masking rule is: a trigger, a finder, spans of characters with the token for them.

No pattern of personal data lives here (masking_rules_*), and no loop over texts (masking).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

TOKENS = (
    "URL", "EMAIL", "IBAN", "CARD", "IP", "ID", "PHONE", "ADDRESS", "POSTCODE", "DOB", "NAME",
)  # fmt: skip
"""Tokens by priority: where spans of two rules overlap, the union gets the first one's token."""
TOKEN = re.compile(r"\[(?:" + "|".join(TOKENS) + r")\]")

Span = tuple[int, int, str]
"""Start, end and token of characters to mask."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finder; `trigger` is a Rust pattern met by every text it finds something in."""

    name: str
    trigger: str
    find: Callable[[str], Iterable[Span]]


_VETO = re.compile(
    r"\b(?:orders?|tickets?|track(?:ing)?|serial|invoices?|ref|references?|case|parcel|shipment"
    r"|booking|confirmation|policy|claim|model|part|sku|upc|isbn|imei|transaction|incident"
    r"|complaint|job|receipt|rma|error|item|product|flight|quote|batch|lot|loyalty|meter|vin"
    r"|s/n|version|build|amount|total|article|request|case id|order id|pnr)"
    r"(?:[ ]{1,2}(?:number|numbers|no|num|nr|id|ids|code|#)\b){0,2}"
    r"[\s.:#(=-]{0,4}(?:(?:is|was|are|of)\b)?[\s:#(-]{0,3}[A-Z]{0,4}[-#]?$",
    re.IGNORECASE,
)


def is_business_number(text: str, start: int) -> bool:
    """True if the words before `start` say that an order, ticket or serial number follows."""
    return _VETO.search(text[max(0, start - 44) : start]) is not None


@cache
def packaged_words(name: str) -> frozenset[str]:
    """The lower-case words of a list beside this module, one a line."""
    content = resources.files("voc_pipeline.feedback").joinpath(name).read_text(encoding="utf-8")
    return frozenset(content.split())


def groups(pattern: re.Pattern[str], text: str, token: str, group: str | int = 0) -> Iterator[Span]:
    """A span for `group` of every match."""
    for match in pattern.finditer(text):
        yield (*match.span(group), token)


def settle(spans: Iterable[Span], closed: Iterable[Span], text: str) -> list[Span]:
    """The spans in order without overlap, none of them touching a `closed` one.

    Overlapping spans become their union with the token of highest priority; names and addresses
    with nothing but blanks between them become one.
    """
    shut = sorted(closed)
    settled: list[Span] = []
    for start, end, token in sorted(set(spans)):
        if start >= end or any(s < end and start < e for s, e, _ in shut):
            continue
        if settled:
            last_start, last_end, last_token = settled[-1]
            joins = start < last_end or (
                token == last_token and token in {"NAME", "ADDRESS"} and text[last_end:start] == " "
            )
            if joins:
                best = min(token, last_token, key=TOKENS.index)
                settled[-1] = (last_start, max(end, last_end), best)
                continue
        settled.append((start, end, token))
    return settled
