"""Who is sent the weekly report, by which way, and the book of what was sent."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from models.table import Contract, TableRow

Security = Literal["starttls", "tls", "none"]
Way = Literal["mail", "webhook"]
DeliveryState = Literal["sending", "sent", "failed"]
Address = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,250}$")
]


class Addressee(Contract):
    """One that is sent the report once a week: an address, or the chat room of the webhook."""

    way: Way
    recipient: str = Field(description="The address; for a webhook the variable with its URL.")
    function_ids: tuple[str, ...] = Field(description="Functions whose issues come with it.")


class DeliverySettings(Contract):
    """How the report leaves the house; `voc deliver` shows it, and sends it when told to."""

    automatic: bool = Field(
        False, description="True: Dagster sends the report of the week just closed by itself."
    )
    recipients: tuple[Address, ...] = Field((), description="Get page one and the PDF by e-mail.")
    function_recipients: dict[str, tuple[Address, ...]] = Field(
        default_factory=dict,
        description="By function id: they also get all issues of that function.",
    )
    sender: Address | None = Field(None, description="Address that the e-mail comes from.")
    smtp_host: str | None = Field(None, description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="587 for starttls, 465 for tls.")
    smtp_security: Security = Field(
        "starttls", description="starttls, tls, or none (on this machine only)."
    )
    smtp_certificate: str | None = Field(
        None, description="File of the company's own certificate authority, below the home."
    )
    smtp_user_variable: str | None = Field(
        None, description="Environment variable with the user name; left out: no login."
    )
    smtp_password_variable: str | None = Field(
        None, description="Environment variable with the password."
    )
    webhook_url_variable: str | None = Field(
        None, description="Environment variable with the URL of a Slack-compatible webhook."
    )

    @model_validator(mode="after")
    def _mail_has_a_way(self) -> "DeliverySettings":
        if (self.recipients or self.function_recipients) and not (self.smtp_host and self.sender):
            raise ValueError("recipients need smtp_host and sender")
        if bool(self.smtp_user_variable) != bool(self.smtp_password_variable):
            raise ValueError("smtp_user_variable and smtp_password_variable go together")
        return self

    @property
    def addressees(self) -> tuple[Addressee, ...]:
        """Everyone once, in the order of the settings, the webhook last."""
        functions: dict[str, list[str]] = {one: [] for one in self.recipients}
        for function_id, recipients in self.function_recipients.items():
            for one in recipients:
                functions.setdefault(one, []).append(function_id)
        found = [
            Addressee(way="mail", recipient=one, function_ids=tuple(ids))
            for one, ids in functions.items()
        ]
        if self.webhook_url_variable:
            room = self.webhook_url_variable
            found.append(Addressee(way="webhook", recipient=room, function_ids=()))
        return tuple(found)


class Delivery(TableRow):
    """One row per week, way and recipient: whether the report was sent, and how often tried.

    Written before anything leaves the house. 'sending' without a run that is at it means that it
    may have arrived: it is not repeated unasked.
    """

    table: ClassVar[str] = "deliveries"
    grain: ClassVar[tuple[str, ...]] = ("week_start", "way", "recipient")
    is_published: ClassVar[bool] = False  # addresses of people, and instants of the clock

    week_start: date = Field(description="Monday of the week reported.")
    way: Way = Field(description="mail or webhook.")
    recipient: str = Field(description="The address; for a webhook the variable with its URL.")
    state: DeliveryState = Field(description="sending, sent or failed.")
    attempt_count: int = Field(description="How often it was tried, all runs together.")
    sent_count: int = Field(description="How often it was accepted; above 1 only if asked again.")
    attempted_at: datetime = Field(description="Latest attempt, UTC, by the clock.")
    message: str = Field(description="What went wrong and the remedy; empty if nothing did.")
