"""E-mail out: one letter to one recipient over SMTP, with TLS, login and attachments.

What a letter says is decided elsewhere, and so is whether it is sent again. Names and passwords
come from environment variables that the settings name. A message of an error never holds a
password, nor a word of the letter.
"""

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import TypeVar

from models.delivery import DeliverySettings
from models.errors import (
    ConfigurationError,
    FatalDeliveryError,
    RetriableDeliveryError,
    UncertainDeliveryError,
    shortened,
)

TIMEOUT_SECONDS = 30.0
T = TypeVar("T")


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One letter to one recipient. `mail_id` is the same for the same letter sent twice."""

    recipient: str
    mail_id: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


class MailClient:
    """Sends letters over one SMTP server, a connection each."""

    def __init__(
        self,
        settings: DeliverySettings,
        home: Path,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        if settings.smtp_host is None or settings.sender is None:
            raise ConfigurationError("[delivery] smtp_host and sender are needed to send e-mail")
        self._settings = settings
        self._host, self._sender = settings.smtp_host, settings.sender
        self._timeout = timeout_seconds
        known = os.environ if environment is None else environment
        self._login = _login(settings, known)
        self._trust = _trust(settings, home)

    def send(self, mail: Mail) -> None:
        """Hand one letter over.

        Raises:
            RetriableDeliveryError: the server cannot be reached or is busy; nothing was taken.
            FatalDeliveryError: the server refuses login, sender, recipient or letter.
            UncertainDeliveryError: the connection was lost while the letter was handed over.
        """
        content = self._written(mail).as_bytes()
        with self._connected() as server:
            self._step(server.ehlo_or_helo_if_needed)
            self._accepted(*self._step(server.mail, self._sender), "the sender")
            self._accepted(*self._step(server.rcpt, mail.recipient), "the recipient")
            try:
                answer = server.data(content)
            except smtplib.SMTPDataError as error:
                self._accepted(error.smtp_code, error.smtp_error, "the letter")
            except (smtplib.SMTPServerDisconnected, OSError) as error:
                raise UncertainDeliveryError(
                    f"mail server {self._host}: the connection was lost while the letter was "
                    f"handed over ({type(error).__name__}); it may have arrived. Ask the "
                    "recipient, then send it again with --again"
                ) from None
            else:
                self._accepted(*answer, "the letter")

    def _written(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self._sender
        message["To"] = mail.recipient
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{mail.mail_id}@{self._sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        for one in mail.attachments:
            kind, _, subkind = one.media_type.partition("/")
            message.add_attachment(one.content, kind, subkind, filename=one.name)
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._step(self._open)
        try:
            if self._settings.smtp_security == "starttls":
                self._step(server.starttls, context=self._trust)
            if self._login is not None:
                self._step(server.login, *self._login)
            yield server
        finally:
            server.close()

    def _open(self) -> smtplib.SMTP:
        port = self._settings.smtp_port
        if self._settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(self._host, port, timeout=self._timeout, context=self._trust)
        return smtplib.SMTP(self._host, port, timeout=self._timeout)

    def _step(self, call: Callable[..., T], *arguments: object, **named: object) -> T:
        """One step before the letter itself: whatever goes wrong here, nothing was taken."""
        try:
            return call(*arguments, **named)
        except smtplib.SMTPNotSupportedError:
            raise FatalDeliveryError(
                f"mail server {self._host} offers no {call.__name__} on port "
                f"{self._settings.smtp_port}; set smtp_security and smtp_port as it wants them"
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise FatalDeliveryError(
                f"mail server {self._host}: its certificate is not trusted "
                f"({shortened(error.verify_message)}); name the company's own authority in "
                "smtp_certificate, or mend smtp_host"
            ) from None
        except smtplib.SMTPResponseException as error:
            self._accepted(error.smtp_code, error.smtp_error, f"the step {call.__name__}")
            raise
        except (smtplib.SMTPException, OSError) as error:
            raise RetriableDeliveryError(
                f"mail server {self._host}, port {self._settings.smtp_port}: "
                f"{type(error).__name__}; nothing was sent. Check smtp_host, smtp_port and the "
                "network, and deliver again"
            ) from None

    def _accepted(self, code: int, answer: bytes | str, what: str) -> None:
        """Raises unless the server's answer is a yes: 4xx later, 5xx never."""
        if 200 <= code < 400:
            return
        said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        told = f"mail server {self._host} refuses {what}: {code} {shortened(said)}"
        if 400 <= code < 500:
            raise RetriableDeliveryError(f"{told}; it may take it later: deliver again")
        raise FatalDeliveryError(f"{told}; mend [delivery] in settings.toml")


def _login(settings: DeliverySettings, environment: Mapping[str, str]) -> tuple[str, str] | None:
    user, password = settings.smtp_user_variable, settings.smtp_password_variable
    if user is None or password is None:
        return None
    for name in (user, password):
        if not environment.get(name):
            raise ConfigurationError(
                f"environment variable {name} is empty: it holds the login of the mail server; "
                "set it, or leave smtp_user_variable and smtp_password_variable out"
            )
    return environment[user], environment[password]


def _trust(settings: DeliverySettings, home: Path) -> ssl.SSLContext:
    if settings.smtp_certificate is None:
        return ssl.create_default_context()
    path = home / settings.smtp_certificate
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"smtp_certificate {path} cannot be read as PEM: {type(error).__name__}"
        ) from None
