"""report: the leader's page of a week, written once; an index of weeks; a link to the latest."""

from collections.abc import Collection
from datetime import date
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree

import dagster as dg
import polars as pl
from pydantic import ValidationError

from assets.beside import beside
from assets.home import Home
from assets.stage import WeekRun
from models.action import Action, FixVerdict, FixWeek
from models.issue import IssueLineage
from models.ledger import PublishedReport
from models.place import IssueNewTerm, IssuePattern, IssuePlace
from models.quality import DataNotice
from models.raw import Load, SourceHealth
from models.report import IndexRow, WeeklyReport
from models.score import Score, ScoreDriver, Survey
from models.trend import Restatement, TrendBacktest
from models.week import ONE_WEEK, week_label
from voc_pipeline.report import (
    PAGE,
    ReportTables,
    build_report,
    made_report,
    render_forms,
    render_index,
    without_quotes,
)
from voc_pipeline.warehouse import Stage, Warehouse, decisions, knowledge, report_rows
from voc_pipeline.warehouse.schema import polars_schema

VERSION = 3


def report(run: WeekRun) -> None:
    """The week's report in every form under reports/, from what was published up to it.

    A report is a fact: a week that has one keeps it; corrections are restatements in later weeks.
    """
    due = [week for week in run.asked_weeks if not _is_told(run, week)]
    inputs = ((_tables(run.warehouse, week), week, run.settings) for week in due)
    made = beside(made_report, inputs, weeks=len(due))
    for week in run.weeks:
        if week in due:
            _tell(run, *next(made))
        else:
            _note_kept(run, week)


def _stage(run: WeekRun, week: date) -> Stage:
    inputs = {"trends": run.warehouse.output_hash("trends", week)}
    return run.warehouse.stage("report", week, version=VERSION, inputs=inputs)


def _is_told(run: WeekRun, week: date) -> bool:
    return _stage(run, week).has_run and (run.home.reports / week_label(week) / PAGE).exists()


def _tell(run: WeekRun, value: WeeklyReport, forms: dict[str, bytes]) -> None:
    """Put the week's folder in its place, note it, and add it to the index."""
    week = value.week_start
    folder = run.home.reports / week_label(week)
    _appear(folder, forms)
    _stage(run, week).write({PublishedReport: _row(value, forms[PAGE], folder)})
    _index(run)
    run.note(
        week,
        1,
        headline=value.headline,
        preview=dg.MetadataValue.md(_preview(value)),
        **_links(folder),
    )


def _note_kept(run: WeekRun, week: date) -> None:
    """A report that stands is shown by its headline and links again."""
    kept = run.warehouse.record(PublishedReport, "week_start = ?", week)
    if kept is not None:
        links = _links(run.home.reports / week_label(week))
        run.note(week, 1, unchanged=True, headline=str(kept["headline"]), **links)


def _links(folder: Path) -> dict[str, dg.MetadataValue]:
    return {
        "page": dg.MetadataValue.path(str(folder / PAGE)),
        "print": dg.MetadataValue.path(str(folder / "report.pdf")),
        "figures": dg.MetadataValue.path(str(folder / "report.xlsx")),
    }


def _tables(warehouse: Warehouse, week: date) -> ReportTables:
    """Everything the report is built from, as known at the week's cutoff."""
    mentions = report_rows.recent_mentions(warehouse, week)
    return ReportTables(
        figures=report_rows.report_figures(warehouse, week),
        issues=decisions.curated_issues(warehouse, week),
        quotes=decisions.curated_quotes(warehouse, week),
        health=warehouse.rows(SourceHealth, "week_start <= ?", week),
        loads=warehouse.rows(Load, "received_week <= ?", week),
        rejects=knowledge.rejects_by_reason(warehouse, week),
        restatements=warehouse.rows(Restatement, "as_of_week = ?", week),
        back_test=warehouse.rows(TrendBacktest, "week_start = ?", week),
        places=warehouse.rows(IssuePlace, "week_start = ?", week),
        patterns=warehouse.rows(IssuePattern, "week_start = ?", week),
        new_terms=warehouse.rows(IssueNewTerm, "week_start = ?", week),
        notices=warehouse.rows(DataNotice, "week_start = ?", week),
        actions=warehouse.rows(Action, "as_of_week = ?", week),
        previous_actions=warehouse.rows(Action, "as_of_week = ?", week - ONE_WEEK),
        fix_verdicts=warehouse.rows(FixVerdict, "as_of_week = ?", week),
        fix_weeks=warehouse.rows(FixWeek, "as_of_week = ?", week),
        settled=report_rows.settled_fixes(warehouse, week),
        lineage=warehouse.rows(IssueLineage, "week_start <= ?", week),
        shared=report_rows.told_together(mentions),
        scores=warehouse.rows(
            Score, "week_start <= ? AND as_of_week = week_start AND dimension = 'all'", week
        ),
        drivers=warehouse.rows(ScoreDriver, "as_of_week = ?", week),
        surveys=warehouse.rows(Survey, "as_of_week = ?", week),
        placement=report_rows.placed_problems(warehouse, week, mentions),
    )


def rewrite_reports(home: Home, warehouse: Warehouse, segment_ids: Collection[str]) -> int:
    """Write the reports that quote these segments again, without them; returns how many."""
    rewritten = 0
    for week in warehouse.rows(PublishedReport)["week_start"]:
        folder = home.reports / week_label(week)
        kept = folder / "report.json"
        if not segment_ids or not kept.exists():
            continue
        left = _without(home, warehouse, week, kept.read_bytes(), segment_ids)
        if left is not None:
            forms = render_forms(left)
            _appear(folder, forms)
            row = _row(left, forms[PAGE], folder)
            with warehouse.transaction():
                warehouse.replace(PublishedReport, row, "week_start = ?", week)
            rewritten += 1
    return rewritten


def _without(
    home: Home, warehouse: Warehouse, week: date, kept: bytes, segment_ids: Collection[str]
) -> WeeklyReport | None:
    """The week's report without the quotes of these segments; None if it has none of them.

    A report that names their records in the form of another version of this program is built
    again from what was published: its words must go, whoever wrote the file.
    """
    try:
        return without_quotes(WeeklyReport.model_validate_json(kept), segment_ids)
    except ValidationError:
        records = {one.rsplit("-", 2)[0].encode() for one in segment_ids}
        if not any(one in kept for one in records):
            return None
    value = build_report(_tables(warehouse, week), week=week, settings=home.settings)
    return without_quotes(value, segment_ids) or value


def _row(value: WeeklyReport, page: bytes, folder: Path) -> pl.DataFrame:
    fields = {
        "week_start": value.week_start,
        "week_label": value.week_label,
        "headline": value.headline,
        "path": f"reports/{folder.name}/{PAGE}",
        "content_hash": blake2b(page, digest_size=16).hexdigest(),
        "as_of": value.as_of.replace(tzinfo=None),
    }
    return pl.DataFrame([fields], schema=polars_schema(PublishedReport))


def _appear(folder: Path, files: dict[str, bytes]) -> None:
    """Write the folder whole, beside its place, then move it there."""
    fresh = folder.with_name(f".{folder.name}.new")
    rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _index(run: WeekRun) -> None:
    """The page of all weeks, and `latest`, each moved over the old one."""
    reports = run.home.reports
    rows = run.warehouse.rows(PublishedReport)
    page = reports / ".index.html.new"
    page.write_text(render_index(_index_rows(reports, rows)), encoding="utf-8")
    page.replace(reports / "index.html")
    link = reports / ".latest.new"
    link.unlink(missing_ok=True)
    link.symlink_to(rows["week_label"][-1], target_is_directory=True)
    link.replace(reports / "latest")


def _index_rows(reports: Path, rows: pl.DataFrame) -> list[IndexRow]:
    return [
        IndexRow(
            week_start=row["week_start"],
            headline=row["headline"],
            link=f"{row['week_label']}/report.html",
            forms=[
                form
                for form in ("pdf", "xlsx")
                if (reports / row["week_label"] / f"report.{form}").exists()
            ],
        )
        for row in rows.to_dicts()
    ]


def _preview(value: WeeklyReport) -> str:
    """Page one for the Dagster UI: the conclusion, the decisions, and what is above its range."""
    issues = {one.issue_id: one for one in value.issues}
    lines = [f"**{_plain(value.headline)}** {_plain(value.lede)}", ""]
    for card in value.cards:
        owner = _plain(card.owner) or "no owner"
        due = f", by {card.due_on}" if card.due_on else ""
        label = _plain(issues[card.issue_id].label)
        lines.append(f"- **{label}**: {_plain(card.decision)} ({owner}{due})")
    if value.watch:
        lines += ["", "| Issue | This week | Usual | Status |", "|---|---|---|---|"]
    for issue_id in value.watch[:10]:
        one = issues[issue_id]
        usual = "" if one.upper_bound is None else f"up to {int(one.upper_bound)}"
        lines.append(f"| {_plain(one.label)} | {one.feedback_count} | {usual} | {one.verdict} |")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Customer words inside Markdown: no markup, no links."""
    return "".join(one if one.isalnum() or one in " .,'-%" else " " for one in text)
