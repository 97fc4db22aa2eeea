"""HTTP manners, the same for every source that is asked over the network.

Here live timeouts, tries, waits, the cap on a body and the translation of what went wrong into
errors by remedy. What an answer means, and paging, belong to the connector. Nothing of a body
and nothing of a query string ever stands in a message. httpx itself logs whole addresses at INFO:
a secret belongs into a header, never into a query.
"""

import json
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import NoReturn, Self

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from models.errors import FatalSourceError, RetriableSourceError, shortened

USER_AGENT = "voc-pipeline (weekly batch, one request at a time)"
RETRIABLE_STATUSES = frozenset({408, 424, 425, 429})
"""Besides every 5xx. 424 is what the complaint search says when its own index is away."""


@dataclass(frozen=True)
class Manners:
    """How patient and how greedy a client is."""

    timeout_seconds: float = 30.0
    """For one answer, from the request to the last byte."""
    attempts: int = 5
    longest_wait_seconds: float = 120.0
    """Between two attempts; a source that asks for more is left alone until the next run."""
    largest_body_bytes: int = 128 * 1024 * 1024
    """Of one answer, unpacked."""


class _TryAgainError(Exception):
    """One attempt failed in a way that another may not."""

    def __init__(self, what: str, wait_seconds: float | None = None) -> None:
        super().__init__(what)
        self.wait_seconds = wait_seconds


class SourceClient:
    """Asks one source for JSON, one request at a time; close it, or use it in a `with`."""

    def __init__(
        self,
        source_id: str,
        manners: Manners | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source_id = source_id
        self._manners = manners or Manners()
        self._sleep = sleep
        self._client = httpx.Client(
            timeout=self._manners.timeout_seconds,
            verify=certificates(),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get_json(self, url: str, params: Sequence[tuple[str, str]] = ()) -> dict[str, object]:
        """The JSON object that the address answers with.

        Tried again after no connection, a timeout, a body cut short, 5xx, 408, 424, 425 and 429,
        at the latest by `Retry-After` where the source sends one, else after 1, 2, 4 ... seconds.

        Raises:
            RetriableSourceError: no whole answer within the attempts, or asked to wait too long.
            FatalSourceError: another 4xx, a redirect, no JSON object, or a body over the cap.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_TryAgainError),
            stop=stop_after_attempt(self._manners.attempts),
            wait=self._wait_seconds,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, url, params)
        except _TryAgainError as last:
            raise RetriableSourceError(
                f"source {self._source_id}: no whole answer from {address(url)} in "
                f"{self._manners.attempts} attempts, the last: {last}; nothing of it was loaded. "
                "Run again later; if it stays, open the address in a browser, or raise "
                "timeout_seconds or attempts"
            ) from None

    def _wait_seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_seconds if isinstance(error, _TryAgainError) else None
        if asked is not None:
            return asked
        return min(float(2 ** (state.attempt_number - 1)), self._manners.longest_wait_seconds)

    def _attempt(self, url: str, params: Sequence[tuple[str, str]]) -> dict[str, object]:
        try:
            with self._client.stream("GET", url, params=list(params)) as response:
                self._judge(response, url)
                body = self._body(response, url)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            self._refuse(url, f"{type(error).__name__}", "write url as https://host/path/")
        except httpx.ConnectError as error:
            raise _TryAgainError(f"ConnectError {shortened(str(error))}") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _TryAgainError(type(error).__name__) from None
        return self._parsed(body, url)

    def _judge(self, response: httpx.Response, url: str) -> None:
        status = response.status_code
        if status in RETRIABLE_STATUSES or status >= 500:
            raise _TryAgainError(f"HTTP {status}", self._asked_wait(response, url))
        if response.is_redirect:
            moved = address(str(response.next_request.url)) if response.next_request else "nowhere"
            self._refuse(url, f"HTTP {status} to {moved}", "set url to the new address if it is it")
        if status != httpx.codes.OK:
            self._refuse(
                url, f"HTTP {status}", "check url, the filters and page_size in the settings"
            )
        kind = response.headers.get("content-type", "")
        if "json" not in kind.lower():
            self._refuse(
                url,
                f"the answer is {shortened(kind)} and not JSON",
                "check url; a page for people stands there, perhaps a notice of maintenance",
            )

    def _asked_wait(self, response: httpx.Response, url: str) -> float | None:
        wait = retry_after_seconds(
            response.headers.get("retry-after"), response.headers.get("date")
        )
        if wait is not None and wait > self._manners.longest_wait_seconds:
            raise RetriableSourceError(
                f"source {self._source_id}: {address(url)} answers HTTP {response.status_code} and "
                f"asks to wait {wait:.0f} s, longer than the {self._manners.longest_wait_seconds:g}"
                " s that a run waits; run again after that time"
            )
        return wait

    def _body(self, response: httpx.Response, url: str) -> bytes:
        started = time.monotonic()
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._manners.largest_body_bytes:
                self._refuse(
                    url,
                    f"the answer is larger than {self._manners.largest_body_bytes} bytes",
                    "lower page_size",
                )
            # A timeout of httpx is per read: a byte now and then would hold the run for ever.
            if time.monotonic() - started > self._manners.timeout_seconds:
                raise _TryAgainError("the answer took longer than timeout_seconds")
        return bytes(body)

    def _parsed(self, body: bytes, url: str) -> dict[str, object]:
        try:
            answer = json.loads(body, parse_constant=_refuse_constant)
        except RecursionError:
            self._refuse(url, "the answer is nested too deeply", "check url")
        except ValueError:
            raise _TryAgainError("the JSON of the answer is cut short or garbled") from None
        if not isinstance(answer, dict):
            self._refuse(
                url, f"the answer is a {type(answer).__name__} and not an object", "check url"
            )
        return answer

    def _refuse(self, url: str, what: str, remedy: str) -> NoReturn:
        raise FatalSourceError(f"source {self._source_id}: {address(url)}: {what}; {remedy}")


@cache
def certificates() -> ssl.SSLContext:
    """The certificates that httpx trusts, read once: it takes longer than a small answer."""
    return httpx.create_ssl_context()


def address(url: str) -> str:
    """The address without user, password, query and fragment: fit for a message."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "an address that is none"
    return str(parts.copy_with(username=None, password=None, query=None, fragment=None))


def retry_after_seconds(retry_after: str | None, date: str | None) -> float | None:
    """Seconds that a Retry-After asks for, in seconds or as an HTTP date; None if it says nothing.

    A date is read against the answer's own Date, so that a wrong clock on either side does no
    harm. Method: RFC 9110, 10.2.3.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    until, now = _http_date(text), _http_date(date)
    return max((until - now).total_seconds(), 0.0) if until and now else None


def _http_date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
