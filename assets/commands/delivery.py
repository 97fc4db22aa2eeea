"""`voc deliver`: who gets the week's report; sends it when told to."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import counted, print_rows
from assets.home import Home
from models.errors import ConfigurationError, DeliveryError, LockedError
from models.week import parse_week, week_label

out = Console(highlight=False, soft_wrap=True)
_STATES = {
    "sent": "sent",
    "failed": "failed",
    "sending": "interrupted: may have arrived",
}


def deliver(
    week: Annotated[
        str | None, typer.Option(help="2026-W46; the latest report if left out.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send it; else only show what would be sent.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also to those who have got it, or may have.")
    ] = False,
) -> None:
    """Show who gets the week's report by e-mail and webhook; send it with --send."""
    from assets.delivery import deliver as delivered
    from assets.delivery import plans

    chosen = Home.chosen(home)
    monday = parse_week(week) if week else _latest(chosen)
    with chosen.lock("voc deliver", 10.0):
        planned = plans(chosen, monday)
        rows = [
            (
                plan.to.way, plan.to.recipient, ", ".join(plan.to.function_ids),
                _STATES[plan.known.state] if plan.known else "not sent",
                "would be sent" if plan.is_due(again=again) else "not again",
            )
            for plan in planned
        ]  # fmt: skip
        out.print(f"Report of {week_label(monday)}: {escape(planned[0].subject)}")
        if not send:
            told = ("with the issues of", "so far", "now")
            print_rows(out, ("way", "to"), told, rows)
            out.print("Nothing was sent: this is what --send would do.")
            return
        failed = 0
        for line in delivered(chosen, monday, again=again):
            failed += line.state != "sent"
            out.print(f"{line.way} {escape(line.recipient)}: {_STATES[line.state]}")
            if line.message:
                out.print(f"  {escape(line.message)}")
    if failed:
        raise DeliveryError(
            f"{failed} not delivered; run the same command again for those that failed"
        )


def delivery_lines(home: Home, week: date) -> list[str]:
    """How the deliveries of a week stand, for `voc status`; empty if nobody is named."""
    if not home.settings.delivery.addressees:
        return []
    from voc_pipeline.warehouse import deliveries

    try:
        with home.lock("voc status", 0.2), home.warehouse() as warehouse:
            known = deliveries.deliveries_of(warehouse, week)
    except LockedError:
        return ["Deliveries: not readable while a run holds the home"]
    sent = sum(line.state == "sent" for line in known)
    lines = [
        f"Deliveries of {week_label(week)}: {sent} of {len(home.settings.delivery.addressees)}"
    ]
    return lines + [
        f"  {line.way} {line.recipient}: {_STATES[line.state]}, tried "
        f"{counted(line.attempt_count, 'time')}. {line.message}"
        for line in known
        if line.state != "sent"
    ]


def _latest(home: Home) -> date:
    from voc_pipeline.warehouse.publish import read_published

    found = read_published(home.path, "SELECT max(week_start) AS latest FROM reports")
    latest = None if found is None else found["latest"][0]
    if latest is None:
        raise ConfigurationError(
            f"no week has run in {home.path}: uv run voc run --home {home.path}"
        )
    return date.fromisoformat(str(latest))
