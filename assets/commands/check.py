"""`voc check`: everything that a run would stumble over, found beforehand and in one go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import print_rows
from assets.home import Home
from models.curation import CURATION_FILE, parse_decisions
from models.errors import ConfigurationError, VocError
from models.glossary import read_glossary
from models.settings import SETTINGS_FILE
from models.source import Source
from voc_pipeline.warehouse.publish import read_published

out = Console(highlight=False, soft_wrap=True)
_ISSUES_EVER = """SELECT issue_id FROM issues UNION SELECT issue_id FROM published_figures
UNION SELECT old_issue_id FROM issue_crosswalk
UNION SELECT other_issue_id FROM decisions WHERE other_issue_id IS NOT NULL"""


@dataclass(frozen=True)
class Fault:
    """What is wrong, with its remedy."""

    place: str
    told: str
    blocks: bool
    """True if no week can run before it is mended."""


def check(
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
    ] = None,
) -> None:
    """Validate settings, decisions, glossary, the action register and sources; load nothing.

    Every fault is told at once, with its remedy. Exit code 0: in order; 1: weeks run, but a source
    would not bring all it has; 2: no week can run.
    """
    chosen = Home.chosen(home)
    _ = chosen.settings  # unreadable, there is nothing else to check
    by_source = {one.id: list(_source_faults(chosen, one)) for one in chosen.settings.sources}
    faults = [*_faults_of_home(chosen), *(one for found in by_source.values() for one in found)]
    rows = [
        (one.id, one.kind, one.channel, _state(by_source[one.id]))
        for one in chosen.settings.sources
    ]
    named = ("source", "kind", "channel")
    print_rows(out, named, ("found",), rows, chosen.settings.company.name)
    faults.sort(key=lambda one: not one.blocks)
    for one in faults:
        mark = "[bold red]blocks[/]" if one.blocks else "[yellow]does not block[/]"
        out.print(f"{mark} {escape(one.place)}: {escape(one.told)}")
    blocking = sum(one.blocks for one in faults)
    if blocking:
        raise ConfigurationError(
            f"{len(faults)} to mend, {blocking} of them before any week can run. Nothing was loaded"
        )
    if faults:
        raise VocError(
            f"{len(faults)} to mend; weeks run all the same, with what the sources can give. "
            "Nothing was loaded"
        )
    out.print("Settings and sources are in order. Nothing was loaded.")


def _state(faults: list[Fault]) -> str:
    return f"{len(faults)} to mend" if faults else "ok"


def _faults_of_home(home: Home) -> Iterator[Fault]:
    """What is wrong beside the sources: each of these stops every run."""
    parts: dict[str, Callable[[], object]] = {
        "key of the pseudonyms": lambda: home.pseudonym_key,
        "action register": lambda: _check_actions(home),
        "glossary": lambda: read_glossary(home.path, [one.id for one in home.settings.functions]),
        CURATION_FILE: lambda: _check_decisions(home),
        "exposure": lambda: _check_exposure(home),
    }
    for place, looked_at in parts.items():
        try:
            looked_at()
        except VocError as error:
            yield Fault(place, str(error), blocks=True)


def _check_actions(home: Home) -> None:
    from voc_pipeline.actions.register import read_register, refuse_unknown_issues

    entries = read_register(home.actions_text, [one.id for one in home.settings.functions])
    known = read_published(home.path, _ISSUES_EVER)
    if known is not None:
        refuse_unknown_issues(home.actions_text, entries, set(known["issue_id"]))
    if entries:
        out.print(f"Actions in the register: {len(entries)}")


def _check_decisions(home: Home) -> None:
    from assets.curation_file import check_decisions, file_text

    text = file_text(home)
    try:
        read_glossary(home.path, [one.id for one in home.settings.functions])
    except ConfigurationError:  # told as a fault of the glossary
        parse_decisions(text, CURATION_FILE)
        return
    decided = check_decisions(home, text)
    if decided:
        out.print(f"Decisions of people in order: {decided}")


def _check_exposure(home: Home) -> None:
    from connectors.exposure import read_exposure

    if home.settings.exposure is not None:
        rows = read_exposure(home.settings.exposure, home.path)
        out.print(f"Exposure: {rows['exposure'].sum():,.0f} {home.settings.exposure.unit}")


def _source_faults(home: Home, source: Source) -> Iterator[Fault]:
    """What is wrong with a source: it stops a run only where the source is required."""
    from connectors import connect

    place = f"source {source.id} ({SETTINGS_FILE})"
    try:
        found = connect(source, home.path, home.settings.company.time_zone).check()
    except ConfigurationError as error:
        yield Fault(place, str(error), blocks=True)
        return
    for one in found:
        yield Fault(place, one.told, blocks=one.stops and source.is_required)
