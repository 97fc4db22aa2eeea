"""`voc`: the same job that the Dagster UI runs, its checks and its state, from a shell."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from assets.commands import action, check, delivery, evaluate, issue, status, suppress, trace
from assets.commands.listing import counted
from assets.home import DEFAULT_HOME, HOME_VARIABLE, Home
from models.action import ACTIONS_FILE
from models.errors import ConfigurationError, VocError
from models.glossary import GLOSSARY_FILE
from models.week import ONE_WEEK, parse_week, week_label, weeks_between

if TYPE_CHECKING:
    from assets.launch import Outcome
    from assets.stage import ProgressListener

DEMO_HOME = DEFAULT_HOME / "demo"
DEMO_FIRST_WEEK = date(2025, 9, 22)
DEMO_WEEKS = 60
DEMO_SEED = 7

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Voice of the customer: complaints, surveys, posts and calls in; weekly verdicts out.",
)
app.add_typer(evaluate.app, name="eval")
app.command()(check.check)
app.command()(status.status)
app.command()(delivery.deliver)
app.add_typer(action.app, name="action")
app.add_typer(issue.app, name="issue")
app.command()(trace.trace)
app.command()(suppress.suppress)
out = Console(highlight=False, soft_wrap=True)
HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
]


def main() -> None:
    """Entry point: errors by remedy, without a traceback."""
    try:
        app()
    except VocError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]voc:[/] {escape(str(error))}")
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)


@app.command()
def demo(
    weeks: Annotated[
        int, typer.Option(min=1, max=DEMO_WEEKS, help="How many weeks of the simulated company.")
    ] = DEMO_WEEKS,
    home: Annotated[Path, typer.Option(help="Where the demo lives.")] = DEMO_HOME,
) -> None:
    """Simulate a company and run its weeks through the whole pipeline."""
    from voc_pipeline.sample import (
        company_actions_toml,
        company_glossary_toml,
        company_settings_toml,
        simulate_company,
        write_company,
    )

    out.print(
        f"Simulating {counted(weeks, 'week')} of a fictional company in {escape(str(home))} ..."
    )
    company = simulate_company(seed=DEMO_SEED, weeks=weeks, first_week=DEMO_FIRST_WEEK)
    home.mkdir(parents=True, exist_ok=True)
    write_company(company, home)
    (home / "settings.toml").write_text(company_settings_toml(company), encoding="utf-8")
    if not (home / ACTIONS_FILE).exists():
        (home / ACTIONS_FILE).write_text(company_actions_toml(company), encoding="utf-8")
    if not (home / GLOSSARY_FILE).exists():
        (home / GLOSSARY_FILE).write_text(company_glossary_toml(), encoding="utf-8")
    chosen = Home.chosen(home)
    _run(chosen, chosen.weeks_to(DEMO_FIRST_WEEK + ONE_WEEK * (weeks - 1)))
    out.print(f"Other commands on it:      add --home {escape(str(home))}")


@app.command()
def run(
    week: Annotated[str | None, typer.Option(help="One week: 2026-W46.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First week.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last week.")] = None,
    home: HomeOption = None,
) -> None:
    """Run weeks of a company's own sources; without weeks: all closed ones not run yet."""
    chosen = Home.chosen(home)
    _run(chosen, _asked_weeks(chosen, week, first, last))


@app.command()
def settings() -> None:
    """Describe every key of settings.toml, with its default."""
    from assets.settings_reference import described_settings

    for key, default, meaning in described_settings():
        if key.startswith("["):
            out.print(f"\n[bold]{escape(key)}[/]  # {escape(meaning)}")
        else:
            out.print(f"{key} = {escape(default)}  # {escape(meaning)}")


@app.command()
def rebuild(
    first: Annotated[str, typer.Option("--from", help="First week to rebuild: 2026-W01.")],
    home: HomeOption = None,
) -> None:
    """Rebuild the register from a week on, with a crosswalk from old issues to new."""
    from assets.rebuild import rebuild_register

    chosen = Home.chosen(home)
    with _progress() as listener:
        outcome, crosswalk = rebuild_register(chosen, parse_week(first), listener)
    pairs = counted(crosswalk.height, "pair")
    segments = counted(int(crosswalk["mention_count"].sum()), "segment")
    out.print(f"Crosswalk: {pairs}, {segments}.")
    _tell(chosen, outcome)


@app.command()
def ui(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="Port of the web page.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Start the Dagster UI on a home."""
    from assets.launch import instance_of, prepare_instance
    from assets.lock import end_dead_runs

    chosen = Home.chosen(home)
    _ = chosen.settings
    os.environ[HOME_VARIABLE] = str(chosen.path)
    os.environ["DAGSTER_HOME"] = prepare_instance(chosen)
    if chosen.lock_holder() is None:
        with chosen.lock("voc ui", 1.0), instance_of(chosen) as instance:
            end_dead_runs(chosen, instance)
    os.chdir(chosen.dagster)  # beside its own dagster.yaml: the root's belongs to the default home
    out.print(f"Dagster UI of {escape(str(chosen.path))}: http://{host}:{port}")
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]  # by a package we do without
    arguments = ["-m", "dagster", "dev", "-m", "assets.definitions", "-h", host, "-p", str(port)]
    os.execv(sys.executable, [sys.executable, *quiet, *arguments])  # noqa: S606


def _asked_weeks(home: Home, week: str | None, first: str | None, last: str | None) -> list[date]:
    """The weeks asked for, with the missing ones before them, which the register needs."""
    from voc_pipeline.warehouse.publish import last_finished_week

    if week and (first or last):
        raise ConfigurationError("--week goes without --from and --to")
    until, since = week or last, week or first
    newest = parse_week(until) if until else home.latest_closed_week()
    home.refuse_open_week(newest)
    oldest = parse_week(since) if since else None
    with home.lock("voc run", 10.0), home.warehouse() as warehouse:
        latest = last_finished_week(warehouse)
    missing = latest + ONE_WEEK if latest else home.settings.company.first_week
    begin = min(oldest, missing) if oldest else missing
    if oldest and missing < oldest:
        out.print(f"The weeks from {week_label(missing)} have not run yet and come first.")
    weeks = list(weeks_between(max(begin, home.settings.company.first_week), newest))
    if not weeks:
        out.print(f"Week {week_label(newest)} has run; run it again with --week.")
    return weeks


def _run(home: Home, weeks: list[date]) -> None:
    from assets.launch import run_weeks

    if not weeks:
        return
    with _progress() as listener:
        outcome = run_weeks(home, weeks, listener)
    _tell(home, outcome)


def _tell(home: Home, outcome: "Outcome") -> None:
    for line in outcome.warnings:
        out.print(f"[yellow]warning[/] {escape(line)}")
    if not outcome.succeeded:
        raise VocError(
            "the run failed, and nothing half-done was published:\n"
            + "\n".join(f"  {line}" for line in outcome.failures)
        )
    if outcome.failures:
        _tell_result(home)
        raise VocError(
            "the weeks ran and were published, but a check found what needs you:\n"
            + "\n".join(f"  {line}" for line in outcome.failures)
        )
    _tell_result(home)
    out.print(f"Report of the latest week: {escape(str(home.reports / 'latest' / 'report.html'))}")
    out.print(f"All weeks:                 {escape(str(home.reports / 'index.html'))}")
    out.print(f"Analysts' database:        {escape(str(home.path / 'voc.duckdb'))}")
    out.print(f"Dagster UI:                uv run voc ui --home {escape(str(home.path))}")


def _tell_result(home: Home) -> None:
    """The latest headline, and how many records were ever set aside."""
    from voc_pipeline.warehouse.publish import read_published

    reports = read_published(home.path, "SELECT * FROM reports ORDER BY week_start DESC LIMIT 1")
    if reports is not None and reports.height:
        newest = reports.row(0, named=True)
        out.print(f"{newest['week_label']}: {escape(newest['headline'])}")
    _tell_decisions(home)
    aside = read_published(home.path, "SELECT count(*) AS found FROM rejects")
    if aside is not None and aside["found"][0]:
        out.print(f"Set aside so far, with reasons in table `rejects`: {aside['found'][0]}")


def _tell_decisions(home: Home) -> None:
    """The decisions that a rebuild left without their issue."""
    from assets.curation_file import check_decisions, file_text

    for told in check_decisions(home, file_text(home))[1]:
        out.print(f"[yellow]warning[/] {escape(told)}")


@contextmanager
def _progress() -> Iterator["ProgressListener"]:
    """A bar per stage; the whole run on one screen."""
    bars: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} weeks {task.fields[week]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out) as progress:

        def listener(stage: str, week: date, done: int, total: int) -> None:
            if stage not in bars:
                if not out.is_terminal:  # where no bar moves, as in a log
                    out.print(f"{stage}: {counted(total, 'week')} ...")
                bars[stage] = progress.add_task(stage, total=total, week="")
            progress.update(bars[stage], completed=done, week=week_label(week))

        yield listener
