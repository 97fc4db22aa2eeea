"""`voc suppress`: erase customers who asked for it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assets.home import Home
from models.errors import ConfigurationError

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
    erased = suppress_customers(Home.chosen(home), ids)
    out.print(
        f"{erased.customers} customers are on the list of the suppressed: {erased.records} records "
        f"erased, {erased.reports} reports written again without their words."
    )
    out.print(
        "Published figures keep their numbers; the next weekly run restates what is known now. "
        "Mails already sent, and the sources themselves, are not ours to change."
    )
