"""Sends a week's report as it was published: once to each, recorded before it leaves the house.

A delivery that fails is tried again, recorded, and shown by `voc status` and Dagster; the report
lies in its folder whatever happens here.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b

from pydantic import ValidationError

from assets.home import Home
from connectors.mail import Attachment, Mail, MailClient
from connectors.webhook import WebhookClient
from models.delivery import Addressee, Delivery, DeliveryState
from models.errors import (
    ConfigurationError,
    ContractError,
    DeliveryError,
    RetriableDeliveryError,
    UncertainDeliveryError,
)
from models.report import WeeklyReport
from models.week import week_label
from voc_pipeline.report import write_chat, write_letter
from voc_pipeline.warehouse import Warehouse, deliveries

WAITS_SECONDS = (2.0, 10.0)
"""Before the second and the third try of one delivery."""
Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Plan:
    """What would be sent to one, and what the book says of it."""

    to: Addressee
    subject: str
    known: Delivery | None

    def is_due(self, *, again: bool) -> bool:
        """True if it is to be sent now: never tried, or failed; or sent again on demand."""
        return again or self.known is None or self.known.state == "failed"


@dataclass(frozen=True)
class _Post:
    """A week's report, ready to be put into letters."""

    week: date
    value: WeeklyReport
    print: bytes


def plans(home: Home, week: date) -> list[Plan]:
    """Who gets the report of a week, in the order of the settings.

    Raises:
        ConfigurationError: nobody is named, or the week has no report.
    """
    addressees = home.settings.delivery.addressees
    if not addressees:
        raise ConfigurationError(
            f"nobody is named in {home.path / 'settings.toml'}: set recipients, "
            "function_recipients or webhook_url_variable under [delivery] (`voc settings`)"
        )
    value = _post(home, week).value
    with home.warehouse() as warehouse:
        return [
            Plan(
                to=to,
                subject=write_letter(value).subject if to.way == "mail" else write_chat(value)[1],
                known=deliveries.known_delivery(warehouse, week, to),
            )
            for to in addressees
        ]


def deliver(
    home: Home, week: date, *, again: bool = False, sleep: Sleep = time.sleep
) -> Iterator[Delivery]:
    """Send a week's report to everyone who has not got it; what came of each, as it comes.

    Args:
        home: held by the caller.
        week: Monday of a week with a report.
        again: also to those who have got it, or may have.
        sleep: waits between tries.

    Raises:
        ConfigurationError: nobody is named, a setting is wrong, or the week has no report.
    """
    due = [plan for plan in plans(home, week) if plan.is_due(again=again)]
    post = _post(home, week)
    with home.warehouse() as warehouse:
        for plan in due:
            yield _sent(home, warehouse, post, plan, sleep)


def _sent(home: Home, warehouse: Warehouse, post: _Post, plan: Plan, sleep: Sleep) -> Delivery:
    known = plan.known
    line = Delivery(
        week_start=post.week,
        way=plan.to.way,
        recipient=plan.to.recipient,
        state="sending",
        attempt_count=known.attempt_count if known else 0,
        sent_count=known.sent_count if known else 0,
        attempted_at=_now(),
        message="",
    )
    for wait in (*WAITS_SECONDS, None):
        line = _noted(warehouse, line, "sending", attempts=1)
        try:
            _send(home, post, plan.to, line.sent_count)
        except RetriableDeliveryError as error:
            line = _noted(warehouse, line, "failed", message=str(error))
            if wait is None:
                return line
            sleep(wait)
        except UncertainDeliveryError as error:
            return _noted(warehouse, line, "sending", message=str(error))
        except (DeliveryError, ConfigurationError) as error:
            return _noted(warehouse, line, "failed", message=str(error))
        else:
            sent = line.model_copy(update={"sent_count": line.sent_count + 1})
            return _noted(warehouse, sent, "sent")
    return line


def _noted(
    warehouse: Warehouse,
    line: Delivery,
    state: DeliveryState,
    *,
    attempts: int = 0,
    message: str = "",
) -> Delivery:
    noted = line.model_copy(
        update={
            "state": state,
            "attempt_count": line.attempt_count + attempts,
            "attempted_at": _now(),
            "message": message,
        }
    )
    deliveries.note_delivery(warehouse, noted)
    return noted


def _send(home: Home, post: _Post, to: Addressee, sent_before: int) -> None:
    settings = home.settings.delivery
    if to.way == "webhook":
        WebhookClient(to.recipient).send(write_chat(post.value))
        return
    letter = write_letter(post.value, to.function_ids)
    identity = f"{home.settings.company.id} {to.recipient} {sent_before}"
    mail = Mail(
        recipient=to.recipient,
        mail_id=f"{post.value.week_label}.{blake2b(identity.encode(), digest_size=10).hexdigest()}",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        attachments=(Attachment(f"{post.value.week_label}.pdf", "application/pdf", post.print),),
    )
    MailClient(settings, home.path).send(mail)


def _post(home: Home, week: date) -> _Post:
    """The report as published: its value and its print, read from its folder."""
    folder = home.reports / week_label(week)
    try:
        value = WeeklyReport.model_validate_json((folder / "report.json").read_bytes())
        return _Post(week, value, (folder / "report.pdf").read_bytes())
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"week {week_label(week)} has no report to send in {folder}: run the week first "
            "(`voc run`), or name another with --week"
        ) from error
    except ValidationError as error:
        raise ContractError(
            f"{folder / 'report.json'} was written by another version of this program, which is "
            "to send it"
        ) from error


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
