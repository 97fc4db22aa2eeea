"""`voc suppress`: erase customers who asked for it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import counted
from assets.home import Home
from models.errors import ConfigurationError
from models.source import FilesSource
from voc_pipeline.warehouse.store import WAREHOUSE_FILE

out = Console(highlight=False, soft_wrap=True)


def suppress(
    customers: Annotated[
        list[str] | None, typer.Argument(help="Ids of the customers, as their sources write them.")
    ] = None,
    file: Annotated[
        typer.FileText | None,
        typer.Option("--file", help="The ids, one a line; - reads them from standard input."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
    ] = None,
) -> None:
    """Erase customers: their records, words and quotes leave the home, now and in later loads."""
    from assets.erasure import suppress_customers

    ids = [*(customers or []), *(file.read().splitlines() if file else [])]
    if not any(one.strip() for one in ids):
        raise ConfigurationError("no customer to erase: name ids, or a --file with one a line")
    chosen = Home.chosen(home)
    if not (chosen.path / WAREHOUSE_FILE).exists():
        raise ConfigurationError(f"no week has run in {chosen.path}: there is nobody to erase yet")
    erased = suppress_customers(chosen, ids)
    verb = "is" if erased.customers == 1 else "are"
    out.print(
        f"{counted(erased.customers, 'customer')} {verb} on the list of the suppressed: "
        f"{counted(erased.records, 'record')} erased, {counted(erased.reports, 'report')} "
        "written again without their words."
    )
    if not erased.records:
        out.print(
            "[yellow]warning[/] No record of them was found: are the ids written as the sources "
            "write them?"
        )
        nameless = _without_customers(chosen)
        if nameless:
            out.print(f"No column customer_id is set for: {escape(', '.join(nameless))}.")
    out.print(
        "Published figures keep their numbers; the next weekly run restates what is known now. "
        "Mails already sent, and the sources themselves, are not ours to change."
    )


def _without_customers(home: Home) -> list[str]:
    """Sources of files that do not say who speaks: nobody can be erased from them."""
    files = [one for one in home.settings.sources if isinstance(one, FilesSource)]
    return [one.id for one in files if one.columns.customer_id is None]
