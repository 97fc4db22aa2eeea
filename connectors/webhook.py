"""A message into a chat room: one POST to a Slack-compatible webhook, everything in it plain text.

The lines are other people's words too: markup is escaped, links are taken out and nobody is
called by a mention. The URL of a webhook is a secret from its first slash on: no error names more
than its host.
"""

import os
import re
from collections.abc import Iterable, Mapping

import httpx

from connectors.client import USER_AGENT, Manners, certificates, retry_after_seconds
from models.errors import (
    ConfigurationError,
    FatalDeliveryError,
    RetriableDeliveryError,
    UncertainDeliveryError,
)

MANNERS = Manners(timeout_seconds=20.0)
LONGEST_LINE = 600
MOST_LINES = 40
_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}:(?://)?|\bwww\.)[^\s<>]+", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2,})")
_MARKUP = str.maketrans(dict.fromkeys("*_~`|[]\\", " "))
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def safe_line(line: str) -> str:
    """A line in which a chat finds no markup, no link and nobody to call.

    Method: Slack, "Formatting text for app surfaces" (escape &, < and >); the marks of Markdown
    are left out, as chats that are compatible read those.
    """
    plain = " ".join(line[:LONGEST_LINE].translate(_MARKUP).split())
    plain = _LINK.sub("(link)", plain)
    plain = _DOMAIN.sub(" .", plain).replace("@", "(at)").lstrip("#>-+= ")
    return plain.translate(_ENTITIES)


class WebhookClient:
    """Posts to the webhook whose URL an environment variable holds."""

    def __init__(
        self,
        variable: str,
        environment: Mapping[str, str] | None = None,
        manners: Manners = MANNERS,
    ) -> None:
        url = (os.environ if environment is None else environment).get(variable, "")
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL("")
        is_local = parsed.host in ("127.0.0.1", "localhost", "::1")
        if parsed.scheme != "https" and not (parsed.scheme == "http" and is_local):
            raise ConfigurationError(
                f"environment variable {variable} holds no https:// address: put the webhook's "
                "URL there, or leave webhook_url_variable out"
            )
        self._url, self._host, self._manners = url, parsed.host, manners

    def send(self, lines: Iterable[str]) -> None:
        """Post the lines as one message.

        Raises:
            RetriableDeliveryError: not reachable, busy, or an error of its own; nothing was taken.
            FatalDeliveryError: the webhook refuses the message, or is no more.
            UncertainDeliveryError: no answer came after the message was sent.
        """
        body = message(lines)
        try:
            with httpx.Client(
                timeout=self._manners.timeout_seconds,
                verify=certificates(),
                headers={"User-Agent": USER_AGENT},
            ) as client:
                response = client.post(self._url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RetriableDeliveryError(
                f"webhook at {self._host}: {type(error).__name__}; nothing was sent. Check the "
                "network and deliver again"
            ) from None
        except httpx.TransportError as error:
            raise UncertainDeliveryError(
                f"webhook at {self._host}: {type(error).__name__} after the message was sent; it "
                "may have arrived. Look into the room, then send it again with --again"
            ) from None
        self._judge(response)

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            wait = retry_after_seconds(
                response.headers.get("retry-after"), response.headers.get("date")
            )
            asked = "" if wait is None else f" and asks to wait {wait:.0f} s"
            raise RetriableDeliveryError(
                f"webhook at {self._host} answers HTTP {status}{asked}; deliver again"
            )
        raise FatalDeliveryError(
            f"webhook at {self._host} answers HTTP {status}: make a new webhook in the chat and "
            "put its URL into the environment variable"
        )


def message(lines: Iterable[str]) -> dict[str, object]:
    """The body of a post: one plain text, with all that a chat would make of it switched off."""
    said = [safe for line in list(lines)[:MOST_LINES] if (safe := safe_line(line))]
    return {
        "text": "\n".join(said),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
