"""`voc issue`: look at issues, and decide about them in curation.toml."""

import getpass
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape

from assets.commands.listing import counted, print_rows
from assets.curation_file import add_decision, check_decisions, file_text, remove_decision
from assets.home import Home
from models.curation import CURATION_FILE, Decision, parse_decisions
from models.errors import ConfigurationError
from models.week import week_label
from voc_pipeline.warehouse.publish import read_published

app = typer.Typer(
    no_args_is_help=True, help="Look at issues and decide about them; decisions are text."
)
out = Console(highlight=False, soft_wrap=True)

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of the deployment; data/ if left out.")
]
Issue = Annotated[str, typer.Argument(help="The issue, e.g. ISS-0012 or ISS-0012.D-0004.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for those who come later.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; your login if left out.")]
_OPEN = "i.state IN ('active', 'dormant')"


@app.command("list")
def list_issues(
    every: Annotated[bool, typer.Option("--all", help="Merged and retired ones too.")] = False,
    decisions: Annotated[bool, typer.Option("--decisions", help="The decisions instead.")] = False,
    home: HomeOption = None,
) -> None:
    """The issues with name, theme, owner, last week's count and verdict; or the decisions."""
    chosen = Home.chosen(home)
    if decisions:
        _list_decisions(chosen)
        return
    rows = _published(
        chosen,
        f"""SELECT i.*, w.feedback_count, w.verdict FROM issues i LEFT JOIN issue_weekly w
        ON w.issue_id = i.issue_id AND w.week_start = (SELECT max(week_start) FROM issue_weekly)
        WHERE {"TRUE" if every else _OPEN}
        ORDER BY i.theme NULLS LAST, w.feedback_count DESC NULLS LAST, i.issue_id""",  # noqa: S608
    )
    listed = []
    for row in rows.to_dicts():
        marks = [name for name in ("muted", "pinned") if row[f"is_{name}"]]
        if row["state"] not in ("active",):
            marks.append(f"{row['state']} {row['merged_into'] or ''}".strip())
        verdict = (row["verdict"] or "").replace("_", " ").lower()
        listed.append(
            (row["issue_id"], row["feedback_count"], verdict, row["label"],
             row["theme"] or "none", row["function"] or "nobody", ", ".join(marks))
        )  # fmt: skip
    told = ("name", "theme", "owner", "note")
    print_rows(out, ("issue", "last week", "verdict"), told, listed)


def _list_decisions(home: Home) -> None:
    written = parse_decisions(file_text(home), CURATION_FILE)
    rows, aside = check_decisions(home, file_text(home)) if written else (pl.DataFrame(), [])
    now = {row["decision_id"]: row for row in rows.to_dicts()}

    def told(one: Decision) -> str:
        called = now[one.id]["issue_id"]
        moved = f" (now {called})" if called != one.issue else ""
        return f"{one.do} {one.issue}{moved} {one.into or one.value or ''}".strip()

    listed = [
        (line, one.id, one.on, "stands" if now[one.id]["is_in_force"] else "set aside",
         told(one), one.by, one.why)
        for line, one in written
    ]  # fmt: skip
    if not listed:
        out.print(f"No decisions in {CURATION_FILE}.")
        return
    print_rows(out, ("line", "decision", "on", "state"), ("what", "by", "why"), listed)
    for line in aside:
        out.print(escape(line))


@app.command()
def show(issue: Issue, home: HomeOption = None) -> None:
    """One issue: names, weeks, words, quotes, what happened to it, decisions about it."""
    chosen = Home.chosen(home)
    found = _published(chosen, "SELECT * FROM issues").filter(pl.col("issue_id") == issue)
    if found.is_empty():
        raise ConfigurationError(f"there is no issue {issue}: `voc issue list --all` shows them")
    row = found.row(0, named=True)
    out.print(f"[bold]{escape(row['issue_id'])}  {escape(row['label'])}[/]")
    out.print(
        f"theme {escape(row['theme'] or 'none')}, owner {escape(row['function'] or 'nobody')}"
    )
    into = f" into {row['merged_into']}" if row["merged_into"] else ""
    flags = "".join(f", {name}" for name in ("muted", "pinned") if row[f"is_{name}"])
    out.print(
        f"{row['state']}{into}{flags}; first {week_label(row['first_week'])}, last "
        f"{week_label(row['last_week'])}, {counted(row['member_count'], 'segment')}"
    )
    out.print(f"words: {escape(', '.join(row['terms']))}")
    quotes = _published(chosen, "SELECT * FROM issue_quotes ORDER BY quote_rank")
    for quote in quotes.filter(pl.col("issue_id") == issue).to_dicts():
        mark = "edge  " if quote["is_edge"] else "quote "
        out.print(f"  {mark} {escape(quote['quote'])}")
    lineage = _published(chosen, "SELECT * FROM issue_lineage ORDER BY week_start, event")
    is_about = (pl.col("issue_id") == issue) | (pl.col("other_issue_id") == issue)
    for event in lineage.filter(is_about).to_dicts():
        out.print(
            f"  {week_label(event['week_start'])} {event['issue_id']} {event['event']} "
            f"{event['other_issue_id']} ({counted(event['mention_count'], 'mention')})"
        )
    for line, one in parse_decisions(file_text(chosen), CURATION_FILE):
        if issue in (one.issue, one.into) or one.part == issue:
            what = escape(f"{one.do} {one.issue} {one.into or one.value or ''}".strip())
            out.print(
                f"  line {line}: {one.id} {what}, {escape(one.by)} {one.on}: {escape(one.why)}"
            )


@app.command()
def merge(
    issue: Issue,
    into: Annotated[str, typer.Argument(help="The issue that stays.")],
    why: Why,
    by: By = None,
    home: HomeOption = None,
) -> None:
    """Count an issue's mentions for another, in all weeks."""
    _decide(home, by, why, do="merge", issue=issue, into=into)


@app.command()
def split(  # noqa: PLR0913, PLR0917 - a command line's options
    issue: Issue,
    name: Annotated[str, typer.Option(help="Name of the new part.")],
    why: Why,
    words: Annotated[
        list[str] | None, typer.Option(help="Texts with this word or phrase go there; repeatable.")
    ] = None,
    like: Annotated[
        list[str] | None, typer.Option(help="Texts like this phrase go there; repeatable.")
    ] = None,
    unlike: Annotated[
        list[str] | None, typer.Option(help="Texts more like this one stay; repeatable.")
    ] = None,
    by: By = None,
    home: HomeOption = None,
) -> None:
    """Give a part of an issue's mentions an id of their own, by words or by likeness."""
    rule = {"words": words, "like": like, "unlike": unlike}
    _decide(home, by, why, do="split", issue=issue, name=name, **rule)


@app.command()
def rename(
    issue: Issue,
    name: Annotated[str, typer.Argument(help="The name that people see.")],
    why: Why,
    by: By = None,
    home: HomeOption = None,
) -> None:
    """Call an issue by another name."""
    _decide(home, by, why, do="rename", issue=issue, name=name)


@app.command()
def move(
    issue: Issue,
    theme: Annotated[str, typer.Argument(help="Id of a theme of glossary.toml.")],
    why: Why,
    by: By = None,
    home: HomeOption = None,
) -> None:
    """Put an issue under a theme."""
    _decide(home, by, why, do="move", issue=issue, theme=theme)


@app.command()
def mute(issue: Issue, why: Why, by: By = None, home: HomeOption = None) -> None:
    """Count an issue on, but give it no card and no alarm on page one."""
    _decide(home, by, why, do="mute", issue=issue)


@app.command()
def pin(issue: Issue, why: Why, by: By = None, home: HomeOption = None) -> None:
    """Show an issue every week."""
    _decide(home, by, why, do="pin", issue=issue)


@app.command()
def assign(
    issue: Issue,
    function: Annotated[str, typer.Argument(help="Id of a function of settings.toml.")],
    why: Why,
    by: By = None,
    home: HomeOption = None,
) -> None:
    """Make a function the owner of an issue."""
    _decide(home, by, why, do="assign", issue=issue, function=function)


@app.command()
def undo(
    decision: Annotated[str, typer.Argument(help="The decision, e.g. D-0004.")],
    home: HomeOption = None,
) -> None:
    """Remove a decision's line; all current tables are restored by the next run."""
    chosen = Home.chosen(home)
    gone = remove_decision(chosen, decision)
    out.print(f"{gone.id} is undone: {escape(gone.do)} {escape(gone.issue)}.")
    _next_step(chosen)


def _decide(home: Path | None, by: str | None, why: str, **told: object) -> None:
    chosen = Home.chosen(home)
    made = {"by": by or getpass.getuser(), "on": chosen.today(), "why": why}
    decision, replaced = add_decision(chosen, {**told, **made})
    instead = f", in place of {replaced.id}" if replaced else ""
    part = f" It makes {decision.part}." if decision.do == "split" else ""
    out.print(f"{decision.id} stands in {escape(str(chosen.path / CURATION_FILE))}{instead}.{part}")
    _next_step(chosen)


def _next_step(home: Home) -> None:
    latest = _published(home, "SELECT max(week_start) AS week_start FROM reports")["week_start"][0]
    out.print(
        "It holds from the next run on; for the tables as they are now: uv run voc run --week "
        f"{week_label(latest)} --home {escape(str(home.path))}"
    )


def _published(home: Home, sql: str) -> pl.DataFrame:
    found = read_published(home.path, sql)
    if found is None:
        raise ConfigurationError(f"{home.path}: no week has run yet: there are no issues")
    return found
