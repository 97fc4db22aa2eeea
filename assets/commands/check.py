"""`voc check`: everything that a run would stumble over, found beforehand and in one go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import counted, print_rows
from assets.home import Home
from models.curation import CURATION_FILE, parse_decisions
from models.errors import ConfigurationError, SourceError, VocError
from models.glossary import read_glossary
from models.settings import SETTINGS_FILE
from models.source import Source
from models.week import week_label
from voc_pipeline.warehouse.publish import read_published

if TYPE_CHECKING:
    from connectors.base import Connector

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
    faults = list(_faults_of_home(chosen))
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for source in chosen.settings.sources:
        found, told = _looked_at(chosen, source)
        faults += found
        notes += told
        state = f"{len(found)} to mend" if found else "ok"
        rows.append((source.id, source.kind, source.channel, state))
    named = ("source", "kind", "channel")
    print_rows(out, named, ("found",), rows, chosen.settings.company.name)
    for note in notes:
        out.print(f"note {escape(note)}")
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
            f"{len(faults)} to mend; weeks run all the same, with what there is. Nothing was loaded"
        )
    out.print("Settings and sources are in order. Nothing was loaded.")


def _notes(home: Home, source: Source, connector: "Connector") -> Iterator[str]:
    """Records of files that no closed week loads: a date misread, or a history that starts late."""
    from connectors.base import Window

    company, latest = home.settings.company, home.latest_closed_week()
    window = Window(start=None, end=home.as_of(latest), history_start=home.history_start)
    if "files" not in connector.capabilities:
        return
    try:
        records = pl.concat([one.records for one in connector.fetch(window, None)])
    except SourceError:  # told as a fault
        return
    said = pl.coalesce("received_at", "occurred_at")
    older = records.filter(pl.col("occurred_at") < window.history_start)
    newer = records.filter(said > window.end)
    if older.height:
        yield (
            f"source {source.id}: {counted(older.height, 'record')} of {records.height:,} from "
            f"before {week_label(company.first_week)}, first {older['origin'][0]}: never "
            "loaded; mend the dates, or set company.start_week earlier in a new home"
        )
    if newer.height:
        yield (
            f"source {source.id}: {counted(newer.height, 'record')} of {records.height:,} from "
            f"after {week_label(latest)} closed, first {newer['origin'][0]}: loaded once "
            "their week has closed"
        )


def _looked_at(home: Home, source: Source) -> tuple[list[Fault], list[str]]:
    """What is wrong with a source, and what else there is to say of it."""
    from connectors import connect

    try:
        connector = connect(source, home.path, home.settings.company.time_zone)
    except ConfigurationError as error:
        return [Fault(f"source {source.id} ({SETTINGS_FILE})", str(error), blocks=True)], []
    return list(_source_faults(source, connector)), list(_notes(home, source, connector))


def _faults_of_home(home: Home) -> Iterator[Fault]:
    """What is wrong beside the sources: it stops every run, but for a decision set aside."""
    aside: list[str] = []
    parts: dict[str, Callable[[], object]] = {
        "key of the pseudonyms": lambda: home.pseudonym_key,
        "action register": lambda: _check_actions(home),
        "glossary": lambda: read_glossary(home.path, [one.id for one in home.settings.functions]),
        CURATION_FILE: lambda: aside.extend(_check_decisions(home)),
        "vector model": lambda: _check_vector_model(home),
        "exposure": lambda: _check_exposure(home),
    }
    for place, looked_at in parts.items():
        try:
            looked_at()
        except VocError as error:
            yield Fault(place, str(error), blocks=True)
    for told in aside:
        yield Fault("decision", told, blocks=False)


def _check_actions(home: Home) -> None:
    from voc_pipeline.actions.register import read_register, refuse_unknown_issues

    entries = read_register(home.actions_text, [one.id for one in home.settings.functions])
    known = read_published(home.path, _ISSUES_EVER)
    if known is not None:
        refuse_unknown_issues(home.actions_text, entries, set(known["issue_id"]))
    if entries:
        out.print(f"Actions in the register: {len(entries)}")


def _check_decisions(home: Home) -> list[str]:
    """What is set aside; says how many are in order."""
    from assets.curation_file import check_decisions, file_text

    text = file_text(home)
    try:
        read_glossary(home.path, [one.id for one in home.settings.functions])
    except ConfigurationError:  # told as a fault of the glossary
        parse_decisions(text, CURATION_FILE)
        return []
    decided, aside = check_decisions(home, text)
    if decided.height:
        told = f"; set aside: {len(aside)}" if aside else ""
        out.print(f"Decisions of people in order: {decided['is_in_force'].sum()}{told}")
    return aside


def _check_vector_model(home: Home) -> None:
    """Refuses what the run would: a model that is not there, or another than the register's."""
    from assets.vector_model import chosen_model
    from connectors.model_hub import is_hub_name

    name = home.settings.engine.vector_model
    if is_hub_name(name) and not (home.path / name).is_dir():
        return  # a run fetches it
    model_id = chosen_model(name, home.path).model_id
    found = read_published(
        home.path, "SELECT any_value(model_id) AS model_id, min(born_week) AS born FROM issues"
    )
    if found is None or found["model_id"][0] in (None, model_id):
        return
    raise ConfigurationError(
        f"{SETTINGS_FILE}: engine.vector_model is {model_id}, and the issues were found with "
        f"{found['model_id'][0]}: run `voc rebuild --from "
        f"{week_label(home.settings.company.first_week)}`, which keeps every issue's way in table "
        "issue_crosswalk, or go back"
    )


def _check_exposure(home: Home) -> None:
    from connectors.exposure import read_exposure

    if home.settings.exposure is not None:
        rows = read_exposure(home.settings.exposure, home.path)
        out.print(f"Exposure: {rows['exposure'].sum():,.0f} {home.settings.exposure.unit}")


def _source_faults(source: Source, connector: "Connector") -> Iterator[Fault]:
    """What is wrong with a source: it stops a run only where the source is required."""
    for one in connector.check():
        place = f"source {source.id} ({SETTINGS_FILE})"
        yield Fault(place, one.told, blocks=one.stops and source.is_required)
