"""HTTP manners, against a real server on loopback."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from complaint_server import ComplaintServer, Fault, complaint, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.client import Manners, SourceClient, address, retry_after_seconds
from models.errors import FatalSourceError, RetriableSourceError

DATE = "Sun, 22 Nov 2026 01:00:00 GMT"
SECRET = "token=hush-hush"
GIVEN = json.dumps({"words": [f"the card was refused {n}" for n in range(99)]}).encode()


@pytest.fixture
def server():
    with serving(complaint(1, "2026-11-01", "my card was charged twice")) as told:
        yield told


def ask(server: ComplaintServer, waits: list[float] | None = None, **manners: float):
    slept = waits if waits is not None else []
    told = Manners(**{"timeout_seconds": 2.0, "attempts": 3, **manners})
    with SourceClient("reviews", told, sleep=slept.append) as client:
        return client.get_json(server.url, [("token", "hush-hush")])


def total(answer):
    return answer["hits"]["total"]["value"]


def test_a_whole_answer_comes_back_at_the_first_attempt(server):
    waits: list[float] = []
    assert total(ask(server, waits)) == 1
    assert (len(server.requests), waits) == (1, [])
    assert server.agents == ["voc-pipeline (weekly batch, one request at a time)"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500, body=b"oops"), id="500"),
        pytest.param(Fault(status=503, body=b""), id="503"),
        pytest.param(Fault(status=424, body=b"{}"), id="424, its index is away"),
        pytest.param(Fault(status=429, body=b"{}"), id="429 without Retry-After"),
        pytest.param(Fault(cut_after=40), id="fewer bytes than promised"),
        pytest.param(Fault(body=b'{"hits": {"total": {"val'), id="JSON cut, length kept"),
        pytest.param(Fault(body='{"text": "é'.encode()[:-1]), id="cut inside a character"),
        pytest.param(Fault(body=b'{"value": NaN}'), id="no JSON number"),
        pytest.param(
            Fault(body=gzip.compress(GIVEN)[:60], headers=(("Content-Encoding", "gzip"),)),
            id="gzip cut",
        ),
        pytest.param(
            Fault(body=b"no gzip", headers=(("Content-Encoding", "gzip"),)), id="gzip garbled"
        ),
    ],
)
def test_a_passing_fault_is_tried_again_with_growing_waits(server, fault):
    server.faults.extend([fault, fault])
    waits: list[float] = []
    assert total(ask(server, waits)) == 1
    assert waits == [1.0, 2.0]


def test_retry_after_in_seconds_is_waited_for(server):
    server.faults.append(Fault(status=429, headers=(("Retry-After", "37"),), body=b"{}"))
    waits: list[float] = []
    ask(server, waits)
    assert waits == [37.0]


def test_retry_after_as_a_date_is_waited_for(server):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    server.faults.append(Fault(status=503, headers=(("Retry-After", until),), body=b""))
    waits: list[float] = []
    ask(server, waits)
    assert 37 <= waits[0] <= 40


def test_retry_after_as_a_date_is_read_against_the_servers_own_clock():
    assert retry_after_seconds("Sun, 22 Nov 2026 01:00:45 GMT", DATE) == 45.0
    assert retry_after_seconds("Sun, 22 Nov 2026 00:59:00 GMT", DATE) == 0.0
    assert retry_after_seconds("Sun, 22 Nov 2026 01:00:45 GMT", None) is None


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_retry_after_gives_a_wait_or_none(retry_after, date):
    wait = retry_after_seconds(retry_after, date)
    assert wait is None or wait >= 0


def test_a_wait_beyond_the_cap_ends_the_attempts_and_says_when(server):
    server.faults.append(Fault(status=429, headers=(("Retry-After", "3600"),), body=b"{}"))
    waits: list[float] = []
    with pytest.raises(RetriableSourceError, match="asks to wait 3600 s"):
        ask(server, waits)
    assert (len(server.requests), waits) == (1, [])


def test_after_the_last_attempt_the_error_names_source_status_and_remedy(server):
    server.faults.extend([Fault(status=500, body=b"a customer's words")] * 9)
    with pytest.raises(RetriableSourceError) as caught:
        ask(server)
    message = str(caught.value)
    assert len(server.requests) == 3
    assert all(part in message for part in ("reviews", "3 attempts", "HTTP 500", "Run again later"))
    assert "customer" not in message
    assert "hush" not in message


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(status=400, body=b"{}"), "HTTP 400"),
        (Fault(status=401, body=b"{}"), "HTTP 401"),
        (Fault(status=404, body=b"{}"), "HTTP 404"),
        (Fault(status=204, body=b""), "HTTP 204"),
        (Fault(headers=(("Content-Type", "text/html"),), body=b"<html>"), "not JSON"),
        (Fault(body=b"[1, 2]"), "list and not an object"),
        (Fault(body=b"[" * 200_000), "nested too deeply"),
    ],
)
def test_what_another_attempt_cannot_mend_is_fatal_at_once(server, fault, says):
    server.faults.append(fault)
    with pytest.raises(FatalSourceError, match=says):
        ask(server)
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_but_named_without_its_query(server):
    moved = f"http://user:secret@elsewhere.example/new/?{SECRET}"
    server.faults.append(Fault(status=301, headers=(("Location", moved),), body=b""))
    with pytest.raises(FatalSourceError, match=r"to http://elsewhere\.example/new/; set url"):
        ask(server)


def test_a_body_over_the_cap_is_refused_before_it_is_read_to_its_end(server):
    bomb = gzip.compress(b" " * 50_000_000)
    server.faults.append(Fault(body=bomb, headers=(("Content-Encoding", "gzip"),)))
    with pytest.raises(FatalSourceError, match="larger than 1000000 bytes; lower page_size"):
        ask(server, largest_body_bytes=1_000_000)


def test_a_silent_server_times_out(server):
    server.faults.append(Fault(delay_seconds=1.2))
    assert total(ask(server, timeout_seconds=0.6)) == 1
    assert len(server.requests) == 2


def test_a_server_that_drips_cannot_hold_the_run(server):
    server.faults.append(Fault(body=json.dumps({"a": "b" * 500}).encode(), drip_seconds=0.02))
    started = time.monotonic()
    with pytest.raises(RetriableSourceError, match="longer than timeout_seconds"):
        ask(server, timeout_seconds=0.2, attempts=1)
    assert time.monotonic() - started < 2


def test_no_server_at_all_is_retriable():
    waits: list[float] = []
    with serving() as gone:
        pass
    with pytest.raises(RetriableSourceError, match="ConnectError"):
        ask(gone, waits)
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("url", ["ftp://host/x", "host/x", "http://[::1/x"])
def test_an_address_that_is_none_is_fatal(url):
    with SourceClient("reviews", sleep=lambda _: None) as client, pytest.raises(FatalSourceError):
        client.get_json(url)


def test_an_address_in_a_message_has_no_user_password_query_or_fragment():
    told = address(f"https://user:secret@host.example:8443/a/b?{SECRET}#part")
    assert told == "https://host.example:8443/a/b"
