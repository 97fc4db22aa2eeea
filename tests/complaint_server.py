"""A real HTTP server on loopback that answers as the public complaint search does.

It keeps to what the search's code says (cfpb/ccdb5-api): filters, newest first with the id as tie
breaker, `search_after`, totals. On top of it, faults for the next answers and a hostile mood.
"""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATH = "/search/api/v1/"


@dataclass(frozen=True)
class Fault:
    """What the next answer does wrong; a status alone is an answer without a body."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    delay_seconds: float = 0.0
    cut_after: int | None = None
    drip_seconds: float = 0.0


def complaint(number: int | str, day: str, words: str = "", **more: object) -> dict[str, Any]:
    """A complaint's `_source`, as the search writes it."""
    return {
        "complaint_id": str(number),
        "date_received": f"{day}T12:00:00-05:00",
        "date_sent_to_company": f"{day}T12:00:00-05:00",
        "product": "Credit card",
        "sub_product": "Store credit card",
        "issue": "Getting a credit card",
        "sub_issue": None,
        "company": "EXAMPLE BANK",
        "company_response": "Closed with explanation",
        "company_public_response": None,
        "consumer_consent_provided": "Consent provided" if words else None,
        "consumer_disputed": "N/A",
        "complaint_what_happened": words,
        "has_narrative": bool(words),
        "state": "FL",
        "zip_code": "331XX",
        "submitted_via": "Web",
        "tags": None,
        "timely": "Yes",
        **more,
    }


@dataclass
class ComplaintServer:
    """The complaints it holds, the faults it has left, and the requests it got."""

    complaints: list[dict[str, Any]] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    mood: Callable[[dict[str, Any], int], dict[str, Any]] | None = None
    """Changes an answer, told how many searches came before it."""
    largest_page: int = 10_000
    requests: list[dict[str, list[str]]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """The answer to a search."""
        found = [one for one in self.complaints if _matches(one, query)]
        hits = sorted((_hit(one) for one in found), key=lambda hit: hit["sort"], reverse=True)
        size = min(int(query.get("size", ["25"])[0]), self.largest_page)
        if "search_after" in query:
            milliseconds, _, number = query["search_after"][0].partition("_")
            hits = [hit for hit in hits if hit["sort"] < [int(milliseconds), number]]
        answer: dict[str, Any] = {
            "took": 3,
            "hits": {"total": {"value": len(found), "relation": "eq"}, "hits": hits[:size]},
            "_meta": {"license": "CC0", "total_record_count": 9, "has_data_issue": False},
        }
        return self.mood(answer, len(self.requests) - 1) if self.mood else answer


def _day(one: dict[str, Any]) -> str:
    """The ISO day, empty for none."""
    try:
        return date.fromisoformat(str(one["date_received"])[:10]).isoformat()
    except ValueError:
        return ""


def _matches(one: dict[str, Any], query: dict[str, list[str]]) -> bool:
    first = query.get("date_received_min", ["0000"])[0]
    last = query.get("date_received_max", ["9999"])[0]
    in_filters = all(one[name] in query[name] for name in ("company", "product") if name in query)
    return in_filters and (not _day(one) or first <= _day(one) <= last)


def _hit(one: dict[str, Any]) -> dict[str, Any]:
    number, day = str(one["complaint_id"]), _day(one)
    noon = datetime.fromisoformat(f"{day}T17:00:00+00:00").timestamp() if day else 0
    position = [int(noon * 1000), number]
    return {"_id": number, "_score": None, "_source": one, "sort": position}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        told = self.server.told
        told.requests.append(parse_qs(urlsplit(self.path).query))
        told.agents.append(self.headers.get("User-Agent", ""))
        fault = told.faults.popleft() if told.faults else Fault()
        time.sleep(fault.delay_seconds)
        body = fault.body
        if body is None:
            body = json.dumps(told.answer(told.requests[-1])).encode()
        try:
            self._send(fault, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, fault: Fault, body: bytes) -> None:
        self.send_response(fault.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**headers, **dict(fault.headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if fault.drip_seconds:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(fault.drip_seconds)
        elif fault.cut_after is not None:
            self.wfile.write(body[: fault.cut_after])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, told: ComplaintServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told = told

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that hung up is no news
            super().handle_error(request, client_address)


@contextmanager
def serving(*complaints: dict[str, Any]) -> Iterator[ComplaintServer]:
    """A server that runs for the time of the block."""
    told = ComplaintServer(list(complaints))
    server = _Server(told)
    told.url = f"http://127.0.0.1:{server.server_address[1]}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def days(first: str, count: int) -> list[str]:
    """ISO days in a row."""
    start = date.fromisoformat(first).toordinal()
    return [date.fromordinal(start + shift).isoformat() for shift in range(count)]
