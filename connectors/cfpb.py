"""Complaints from the public search of the US Consumer Financial Protection Bureau.

Here live the search's parameters and how a complaint becomes a record and then feedback. HTTP
manners live in `client`, what a page proves in `cfpb_pages`; what is new, changed or deleted is
the load's to say.

What the source does, read from its code (cfpb/ccdb5-api, complaint_search): the answer is
Elasticsearch's; sorted by date received, then id, newest first; a page goes on with `search_after`
"<date in ms>_<id>", made of the last hit's `sort` (`frm` is no longer heeded, and a
`search_after` that is not understood gives the first page again); anonymous clients get 20 answers
a minute, then 429 with Retry-After. A complaint is published up to some weeks after it was
received and says nothing of when, hence the look-back and a null received_at.

date_received is a date, so occurred_at is that date's midnight in the source's time zone, or in
the company's where the source names none.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import polars as pl

from connectors.base import (
    FETCHED_SCHEMA,
    REJECT_SCHEMA,
    Batch,
    Capability,
    Mapping,
    SourceFault,
    Window,
)
from connectors.cfpb_pages import Page, Paging, fields_of
from connectors.client import Manners, SourceClient, address
from connectors.mapping import MAPPED_SCHEMA, SET_ASIDE_SCHEMA
from models.errors import ConfigurationError, RecordError, SourceError, shortened
from models.source import CfpbSource, SourceSettings

LONGEST_ID = 100
NARRATIVE = "complaint_what_happened"
ATTRIBUTES = (
    "company",
    "company_public_response",
    "date_sent_to_company",
    "issue",
    "sub_issue",
    "sub_product",
    "submitted_via",
    "timely",
)
"""Fields kept as attributes; the ZIP code is not, the state says where."""
DIRECT = {
    "verbatim": NARRATIVE,
    "product": "product",
    "region": "state",
    "customer_segment": "tags",
    "outcome": "company_response",
}
TOLD_SCHEMA = pl.Schema(dict.fromkeys((*DIRECT, "attributes"), pl.String()))


@dataclass(frozen=True)
class Span:
    """Days of date_received, ends included."""

    first: date
    last: date


class CfpbConnector:
    """The public complaint database, asked page by page, newest first."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"http", "revisions", "deletions", "paging", "lookback"}
    )

    def __init__(
        self,
        source: SourceSettings,
        home: Path,  # noqa: ARG002 - of the protocol; nothing here is a file
        time_zone: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not isinstance(source, CfpbSource):
            raise ConfigurationError(f"source {source.id} is not of kind cfpb; set kind = 'cfpb'")
        self._source = source
        self._zone = ZoneInfo(source.time_zone or time_zone)
        self._sleep = sleep
        self._address = address(source.url)
        self._where = f"source {source.id}: {self._address}"

    def check(self) -> list[SourceFault]:
        """What is wrong: the source does not answer, or no complaint matches the filters."""
        try:
            with self._client(attempts=1) as client:
                answer = client.get_json(self._source.url, [*self._filters(), ("size", "1")])
            page = Page.read(answer, self._where)
        except SourceError as error:
            return [SourceFault(str(error), stops=True)]
        if page.total:
            return []
        names = (
            f"{self._where}: no complaint matches company {shortened(self._source.company)} and "
            f"product {shortened(self._source.product)}; write the names as the source does, "
            "e.g. 'EQUIFAX, INC.' and 'Credit card'"
        )
        return [SourceFault(names, stops=True)]

    def fetch(self, window: Window, cursor: str | None) -> Iterator[Batch]:
        """Every complaint received in the window's days and `lookback_days` before them.

        A cursor from the middle of the same search is gone on from, if the source's total is
        still the same; any other starts the search anew, which costs duplicates and loses nothing.
        Only a search read from its start, of a sound source that handed over something and
        nothing unusable, is complete: an empty answer proves no deletion. The last day is not
        claimed: the source's page and its code disagree whether date_received_max is included.

        Raises:
            RetriableSourceError: no answer, a total that changed, less than the total.
            FatalSourceError: page_cap reached, pages that repeat, an answer of another shape.
        """
        span = self._span(window)
        paging = self._resumed(span, cursor)
        is_whole = paging.after is None
        with self._client(self._source.attempts) as client:
            while True:
                answer = client.get_json(self._source.url, self._query(span, paging.after))
                page = Page.read(answer, self._where)
                if not is_whole and page.total != paging.total:
                    paging, is_whole = self._from_start(), True
                    continue
                is_more = paging.take(page)
                batch = self._batch(page, paging, self._cursor(span, paging, is_more))
                paging.is_sound &= batch.rejects.is_empty()  # one of them may be a known complaint
                if is_more:
                    yield batch
                    continue
                is_proof = is_whole and paging.is_sound and paging.fetched > 0
                yield replace(batch, complete_over=self._complete_over(span) if is_proof else None)
                return

    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        """One mapped row per raw row: narrative as verbatim, its XXXX left as published.

        product, state -> region, tags -> customer_segment, company_response -> outcome, the rest
        of ATTRIBUTES -> attributes. A part that is no text is emptied and set aside.
        """
        rows: list[dict[str, str | None]] = []
        parts: list[tuple[object, ...]] = []
        keys = raw.select("external_id", "revision", "is_deleted", "origin", "payload")
        for external_id, revision, is_deleted, origin, payload in keys.iter_rows():
            row, wrong = _mapped_row(payload)
            rows.append(row)
            if not is_deleted:
                reason, remedy = "is no text", "the source must mend it; the part is left empty"
                parts += [
                    ("verbatim" if name == NARRATIVE else "field", f"{name} {reason}", remedy,
                     origin, payload, external_id, revision)
                    for name in wrong
                ]  # fmt: skip
        told = pl.DataFrame(rows, TOLD_SCHEMA, orient="row")
        fixed = told.with_columns(
            channel=pl.lit(self._source.channel),
            language=pl.lit(self._source.language, pl.String),
            known_values=pl.lit([], pl.List(pl.String)),
        )
        whole = raw.select(pl.exclude("payload", "origin", "content_hash")).hstack(fixed)
        absent = {name: pl.lit(None, kind) for name, kind in MAPPED_SCHEMA.items()}
        mapped = whole.with_columns(
            **{name: empty for name, empty in absent.items() if name not in whole.columns}
        )
        set_aside = pl.DataFrame(parts, SET_ASIDE_SCHEMA, orient="row")
        return Mapping(mapped.select(list(MAPPED_SCHEMA)), set_aside)

    def _client(self, attempts: int) -> SourceClient:
        manners = Manners(timeout_seconds=self._source.timeout_seconds, attempts=attempts)
        return SourceClient(self._source.id, manners, sleep=self._sleep)

    def _span(self, window: Window) -> Span:
        history = self._day(window.history_start)
        if window.start is None:
            return Span(history, self._day(window.end))
        first = self._day(window.start) - timedelta(days=self._source.lookback_days)
        return Span(max(first, history), self._day(window.end))

    def _day(self, instant: datetime) -> date:
        return instant.replace(tzinfo=UTC).astimezone(self._zone).date()

    def _midnight(self, day: date) -> datetime:
        local = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def _complete_over(self, span: Span) -> tuple[datetime, datetime] | None:
        last = span.last - timedelta(days=1)
        return (self._midnight(span.first), self._midnight(last)) if span.first <= last else None

    def _filters(self) -> list[tuple[str, str]]:
        return [
            *(("company", name) for name in self._source.company),
            *(("product", name) for name in self._source.product),
            ("no_aggs", "true"),
            ("no_highlight", "true"),
            ("sort", "created_date_desc"),
        ]

    def _query(self, span: Span, after: str | None) -> list[tuple[str, str]]:
        return [
            *self._filters(),
            ("date_received_min", span.first.isoformat()),
            ("date_received_max", span.last.isoformat()),
            ("size", str(self._source.page_size)),
            *([("search_after", after)] if after else []),
        ]

    def _search_key(self, span: Span) -> str:
        return _hash(json.dumps(self._query(span, None)))

    def _cursor(self, span: Span, paging: Paging, is_more: bool) -> str:
        position = {"after": paging.after if is_more else None}
        counts = {"fetched": paging.fetched, "total": paging.total}
        return json.dumps({"search": self._search_key(span), **position, **counts})

    def _from_start(self) -> Paging:
        return Paging(self._where, self._source.page_size, self._source.page_cap)

    def _resumed(self, span: Span, cursor: str | None) -> Paging:
        start = self._from_start()
        try:
            told = fields_of(json.loads(cursor or "{}"))
        except ValueError:
            return start
        after, fetched, total = told.get("after"), told.get("fetched"), told.get("total")
        if told.get("search") != self._search_key(span) or not isinstance(after, str):
            return start
        if not isinstance(fetched, int) or not isinstance(total, int):
            return start
        return replace(start, after=after, fetched=fetched, total=total, seen={after})

    def _batch(self, page: Page, paging: Paging, cursor: str) -> Batch:
        records: list[tuple[object, ...]] = []
        rejects: list[tuple[object, ...]] = []
        for number, hit in enumerate(page.hits, start=1):
            try:
                records.append(self._record(hit))
            except RecordError as error:
                origin = f"{self._address} page {paging.pages} hit {number}"
                remedy = "the source must mend this complaint; it loads once it comes whole"
                rejects.append(("record", str(error), remedy, origin, _payload(hit)))
        return Batch(
            fetched_count=len(page.hits),
            records=pl.DataFrame(records, FETCHED_SCHEMA, orient="row"),
            rejects=pl.DataFrame(rejects, REJECT_SCHEMA, orient="row"),
            cursor=cursor,
        )

    def _record(self, hit: object) -> tuple[object, ...]:
        complaint = fields_of(fields_of(hit).get("_source"))
        if _is_deeper(complaint, 8):  # what is stored is parsed again, in a stack of any depth
            raise RecordError("the complaint nests deeper than 8 levels")
        found = complaint.get("complaint_id")
        external_id = _clean(str(found)).strip() if isinstance(found, str | int) else ""
        if not 0 < len(external_id) <= LONGEST_ID or isinstance(found, bool):
            raise RecordError(f"complaint_id is no number or text of 1 to {LONGEST_ID} characters")
        received = complaint.get("date_received")
        try:
            day = date.fromisoformat(received[:10] if isinstance(received, str) else "")
            occurred_at = self._midnight(day)
        except (ValueError, OverflowError):
            raise RecordError("date_received is missing or no date like 2026-11-09") from None
        payload = _payload(complaint)
        origin = f"{self._address}{external_id}"
        return (external_id, _hash(payload), False, occurred_at, None, origin, payload)


def _is_deeper(found: object, levels: int) -> bool:
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return bool(inner) and (levels == 0 or any(_is_deeper(one, levels - 1) for one in inner))


def _clean(text: str) -> str:
    """The text without lone surrogates, which JSON can hold and no file can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _payload(found: object) -> str:
    return _clean(json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def _mapped_row(payload: str) -> tuple[dict[str, str | None], list[str]]:
    """A complaint's own columns, and the fields that were emptied because they are no text."""
    try:
        complaint = fields_of(json.loads(payload))
    except ValueError:  # a deletion need not carry the complaint
        complaint = {}
    texts = {name: _text(complaint.get(name)) for name in (*DIRECT.values(), *ATTRIBUTES)}
    wrong = [name for name, text in texts.items() if text is None]
    kept = {name: texts[name] for name in ATTRIBUTES if texts[name]}
    row = {column: texts[name] or None for column, name in DIRECT.items()}
    attributes = json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else None
    return {**row, "attributes": attributes}, wrong


def _text(found: object) -> str | None:
    """The value as a text, several joined by a comma, empty for none; None if it is no text."""
    if found is None:
        return ""
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        found = ", ".join(found)
    if not isinstance(found, str | int | float):
        return None
    return _clean(str(found)).replace("\x00", "").strip()
