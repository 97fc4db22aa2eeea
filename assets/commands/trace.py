"""`voc trace`: from a published figure to the records behind it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import counted
from assets.home import Home
from models.trace import TracedFigure
from models.week import parse_week, week_label
from voc_pipeline.warehouse.trace import trace_figure

PATIENCE_SECONDS = 10.0
MOST_SHOWN = 60

out = Console(highlight=False, soft_wrap=True)


def trace(
    week: Annotated[str, typer.Argument(help="The week published: 2026-W46.")],
    issue: Annotated[
        str, typer.Argument(help="The issue: ISS-0042; left out: the whole week.")
    ] = "",
    figure: Annotated[str, typer.Option(help="Name as in published_figures.")] = "feedback_count",
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
    ] = None,
) -> None:
    """Lead from a published figure to its query, its corrections and its records."""
    chosen = Home.chosen(home)
    with chosen.lock("voc trace", PATIENCE_SECONDS), chosen.warehouse() as warehouse:
        found = trace_figure(warehouse, parse_week(week), issue, figure)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    _tell(found)


def _tell(found: TracedFigure) -> None:
    what = f"{found.issue_id} {found.label}" if found.issue_id else "the whole week"
    value = found.value_text if found.value_text is not None else _number(found.value)
    out.print(f"{week_label(found.week_start)}, {escape(what)}: {found.figure} = {escape(value)}")
    out.print(f"As of {found.as_of} UTC. {escape(found.explanation)}")
    out.print(f"Query: {escape(found.query)}")
    for one in found.restatements:
        out.print(
            f"Restated by {week_label(one.as_of_week)}: {escape(str(one.was_value))} became "
            f"{escape(str(one.is_value))} ({one.reason})"
        )
    for row in found.records[:MOST_SHOWN]:
        once = "" if row.is_counted else ", counted once with another"
        out.print(
            f"{row.occurred_at:%Y-%m-%d %H:%M} {escape(row.source_id)} {escape(row.external_id)} "
            f"({row.channel}), feedback {row.feedback_id}, {row.state}{once}"
        )
        out.print(f"    {escape(row.quote)}" if row.quote else "    without words")
    in_all = sum(row.is_counted for row in found.records)
    rest = len(found.records) - MOST_SHOWN
    more = f"; {rest} more: --json lists all" if rest > 0 else ""
    out.print(f"{counted(len(found.records), 'record')}, {in_all} of them counted{more}.")


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}" if value % 1 else f"{value:,.0f}"
