"""actions: the register of actions as known at a week's cutoff, and whether the fixes worked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from assets.beside import beside
from assets.stage import WeekRun, table_note
from models.action import Action, ActionChange, ActionEntry, FixVerdict, FixWeek
from models.table import TableRow
from models.week import week_start
from voc_pipeline.actions.fix_verdicts import Effect, FixFrames, judge_fixes
from voc_pipeline.actions.lineage import Register, best_successors, places_of
from voc_pipeline.actions.register import read_register, refuse_unknown_issues
from voc_pipeline.actions.states import Places, action_rows, known_by, step_rows
from voc_pipeline.trends.counts import weekly_counts
from voc_pipeline.warehouse import Warehouse, accountability, decisions, knowledge
from voc_pipeline.warehouse.store import digest

VERSION = 2


def actions(run: WeekRun) -> None:
    """Every action as known at the week's cutoff, its steps, and verdicts on fixes in effect.

    Read from actions.toml in the home: a step counts in the weeks that end after its day. The
    issue is followed through merges, splits and rebuilds, and never changed. A verdict that a
    report gave stays with its week; the next week to close judges by what is known then.
    """
    text = run.home.actions_text
    entries = read_register(text, [one.id for one in run.settings.functions])
    warehouse = run.warehouse
    known = {week: known_by(entries, week) for week in run.asked_weeks}
    stages = {
        week: warehouse.stage(
            "actions",
            week,
            version=VERSION,
            inputs={
                "mentions": warehouse.history_hash("mentions", week),
                "feedback": warehouse.history_hash("feedback", week),
                "curation": warehouse.output_hash("curation", week),
                "decisions": decisions.mapping_hash(warehouse),
                "rebuilds": digest(*decisions.crosswalk(warehouse).iter_rows()),
            },
            settings=[one.model_dump_json() for one in known[week]],
        )
        for week in run.asked_weeks
    }
    stale = [week for week, stage in stages.items() if not stage.is_current]
    for week in stale:
        refuse_unknown_issues(text, known[week], accountability.issues_ever_known(warehouse))
    rows: dict[date, pl.DataFrame] = {}
    judged = beside(judge_fixes, _judged_by(run, known, stale, rows), weeks=len(stale))
    for week in run.weeks:
        if week in stale:
            fixes = next(judged)
            frames = _tables(rows[week], known[week], fixes, week)
            if stages[week].has_run and knowledge.is_reported(warehouse, week):
                frames |= _as_reported(warehouse, frames, week)
            stages[week].write(frames)
            _note(run, week, frames[Action], frames[FixVerdict])


def _judged_by(
    run: WeekRun,
    known: Mapping[date, Sequence[ActionEntry]],
    weeks: Sequence[date],
    rows: dict[date, pl.DataFrame],
) -> Iterator[tuple[list[Effect], pl.DataFrame, date]]:
    """The actions in effect and the counts they are judged by, a week each; notes `rows`."""
    for week in weeks:
        places = _places(run.warehouse, known[week], week)
        rows[week] = action_rows(known[week], places, week=week)
        effects = _effects(rows[week])
        held = {one.action_id: places[one.action_id].current_issue_ids for one in effects}
        counts = pl.DataFrame()
        if effects:
            counts = weekly_counts(
                accountability.mentions_of_actions(run.warehouse, week, held),
                knowledge.weekly_volumes(run.warehouse, week),
                first_week=run.settings.company.first_week,
                last_week=week,
            )
        yield effects, counts, week


def _effects(rows: pl.DataFrame) -> list[Effect]:
    """The actions in effect whose issue is known."""
    found = rows.filter(
        pl.col("took_effect_on").is_not_null(), pl.col("current_issue_id").is_not_null()
    )
    wanted = found.select("action_id", "current_issue_id", "took_effect_on")
    return [Effect(*row) for row in wanted.iter_rows()]


def _tables(
    rows: pl.DataFrame, known: Sequence[ActionEntry], fixes: FixFrames, week: date
) -> dict[type[TableRow], pl.DataFrame]:
    return {
        Action: rows,
        ActionChange: step_rows(known, week=week),
        FixVerdict: fixes.verdicts,
        FixWeek: fixes.weeks,
    }


def _places(warehouse: Warehouse, known: Sequence[ActionEntry], week: date) -> dict[str, Places]:
    by_words = [week_start(one.steps[0].on) for one in known if one.about]
    named = accountability.named_registers(warehouse, min(by_words, default=week), week)
    curated = decisions.curated_issues(warehouse, week)
    in_force = decisions.in_force(warehouse)
    register = Register(
        issue_ids=frozenset(accountability.registered(warehouse, week)),
        sizes=dict(curated.select("issue_id", "member_count").iter_rows()),
        rebuilt=best_successors(decisions.crosswalk(warehouse)),
        rulings=decisions.rulings(warehouse, week),
        split_ids=tuple(in_force.filter(pl.col("action") == "split")["decision_id"]),
    )
    return places_of(known, named, register)


def _as_reported(
    warehouse: Warehouse, frames: Mapping[type[TableRow], pl.DataFrame], week: date
) -> dict[type[TableRow], pl.DataFrame]:
    """What the week's report said of a fix, and what it did not know of: entered since."""
    told = warehouse.rows(FixVerdict, "as_of_week = ?", week)
    return {
        model: pl.concat(
            [
                warehouse.rows(model, "as_of_week = ?", week),
                frames[model].join(told, on="action_id", how="anti"),
            ]
        ).sort(model.grain)
        for model in (FixVerdict, FixWeek)
    }


def _note(run: WeekRun, week: date, rows: pl.DataFrame, fixes: pl.DataFrame) -> None:
    run.note(
        week,
        rows.height,
        open=rows.filter(pl.col("status") == "open").height,
        overdue=int(rows["is_overdue"].sum()),
        fixes=table_note(fixes.select("action_id", "issue_id", "verdict", "reason")),
    )
