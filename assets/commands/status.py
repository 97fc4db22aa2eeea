"""`voc status`: how a home stands, read from its published file; asks no source."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.delivery import delivery_lines
from assets.commands.listing import counted, print_rows
from assets.home import Home
from models.errors import ConfigurationError
from models.week import ONE_WEEK, week_label, weeks_between
from voc_pipeline.warehouse.publish import read_published

out = Console(highlight=False, soft_wrap=True)


def status(
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
    ] = None,
) -> None:
    """The last week, the sources' health, locks and restatements."""
    chosen = Home.chosen(home)
    latest = chosen.latest_closed_week()
    out.print(f"{escape(chosen.settings.company.name)}, home {escape(str(chosen.path))}")
    out.print(f"Last closed week: {week_label(latest)}")
    holder = chosen.lock_holder()
    out.print(f"Lock: {escape(holder) if holder else 'free'}")
    reports = read_published(chosen.path, "SELECT * FROM reports ORDER BY week_start")
    if reports is None or reports.is_empty():
        out.print(f"No week has run yet: uv run voc run --home {escape(str(chosen.path))}")
        return
    newest = reports.row(-1, named=True)
    out.print(f"Last week run: {newest['week_label']}: {escape(newest['headline'])}")
    out.print(f"Report: {escape(str(chosen.path / newest['path']))}")
    waiting = len(list(weeks_between(newest["week_start"] + ONE_WEEK, latest)))
    out.print(f"Closed weeks not run yet: {waiting}")
    _print_health(chosen)
    _print_set_aside(chosen)
    _print_decisions(chosen)
    _print_restated(chosen, newest["week_label"])
    for line in delivery_lines(chosen, newest["week_start"]):
        out.print(escape(line))


def _print_health(home: Home) -> None:
    health = _published(
        home,
        "SELECT * FROM source_health WHERE week_start = "
        "(SELECT max(week_start) FROM source_health) ORDER BY source_id",
    )
    if health.is_empty():
        return
    rows = [
        (
            row["source_id"], row["state"],
            "" if row["expected_count"] is None else f"{row['expected_count']:.0f}",
            row["arrived_count"], row["late_count"], row["rejected_count"],
            str(row["last_seen_at"] or "")[:10],
        )
        for row in health.to_dicts()
    ]  # fmt: skip
    names = ("source", "state", "expected", "arrived", "late", "rejected", "last seen")
    print_rows(out, names, (), rows, f"Sources in {week_label(health['week_start'][0])}")


def _print_set_aside(home: Home) -> None:
    """Rejects of every week: those of an older one are still to be mended."""
    aside = _published(
        home,
        "SELECT source_id, count(*) AS found FROM rejects GROUP BY source_id ORDER BY source_id",
    )
    each = ", ".join(f"{source} {count:,}" for source, count in aside.iter_rows())
    told = f": {each}; reasons and remedies in table rejects" if each else ""
    number = int(aside["found"].sum())
    out.print(f"Set aside in all weeks: {number:,}{escape(told)}")


def _print_decisions(home: Home) -> None:
    """How many decisions of people stand, and how many a rebuild left without their issue."""
    from assets.curation_file import check_decisions, file_text

    try:
        rows, aside = check_decisions(home, file_text(home))
    except ConfigurationError:
        out.print("Decisions of people: a run would refuse them; `voc check` says why")
        return
    if rows.height:
        told = f", {len(aside)} set aside (`voc check` says why)" if aside else ""
        out.print(f"Decisions of people: {rows['is_in_force'].sum()} stand{told}")


def _print_restated(home: Home, last: str) -> None:
    """What the last week's run found changed in weeks that had been published, and all so far."""
    found = _published(
        home,
        "SELECT count(*) AS figures, count(DISTINCT week_start) AS weeks, "
        "count(*) FILTER (as_of_week = (SELECT max(week_start) FROM reports)) AS figures_now, "
        "count(DISTINCT week_start) FILTER "
        "(as_of_week = (SELECT max(week_start) FROM reports)) AS weeks_now FROM restatements",
    ).row(0, named=True)
    out.print(
        f"Restated as of {last}: {counted(found['figures_now'], 'figure')} of "
        f"{counted(found['weeks_now'], 'published week')}; in all weeks: "
        f"{counted(found['figures'], 'figure')} of {counted(found['weeks'], 'week')} "
        "(table restatements)"
    )


def _published(home: Home, sql: str) -> pl.DataFrame:
    found = read_published(home.path, sql)
    return pl.DataFrame() if found is None else found
