"""issues: the register moves one week forward, or places what an old week brought late."""

from datetime import date

import polars as pl

from assets.stage import WeekRun, table_note
from assets.vector_model import chosen_model
from models.errors import ConfigurationError
from models.issue import Assignment, Issue, IssueLineage, IssueQuote
from models.table import TableRow
from models.week import ONE_WEEK, week_label, weeks_between
from voc_pipeline.issues.functions import place_issues
from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.registry import advance_register, assign_unseen
from voc_pipeline.issues.vectors import VectorModel
from voc_pipeline.warehouse import Stage, knowledge

VERSION = 8
_TABLES: tuple[type[TableRow], ...] = (Issue, Assignment, IssueLineage, IssueQuote)


def issues(run: WeekRun) -> None:
    """The register of issues, week by week: its state after a week follows from the week before.

    A week after the register's last runs the missing weeks too, empty if empty. A week that the
    register has passed only gets its unseen segments placed; it gives no births.
    """
    model = chosen_model(run.settings.engine.vector_model, run.home.path)
    _refuse_other_register(run, model.model_id)
    window: pl.DataFrame | None = None
    for week in run.weeks:
        latest = run.warehouse.latest_week("issues")
        if latest is not None and week <= latest:
            _place_unseen(run, week, model.model_id)
            continue
        missing = latest + ONE_WEEK if latest else run.settings.company.first_week
        for one in weeks_between(missing, week):
            window = _advance(run, one, model, window)


def _stage(run: WeekRun, week: date, model_id: str) -> Stage:
    return run.warehouse.stage(
        "issues",
        week,
        version=VERSION,
        inputs={"segments": run.warehouse.output_hash("segments", week)},
        settings=model_id,
    )


def _advance(
    run: WeekRun, week: date, model: VectorModel, before: pl.DataFrame | None
) -> pl.DataFrame:
    """S(w) = f(S(w-1), what arrived by as_of(w)); its four tables change in one transaction.

    Takes the window of the week before, if this run has read it, and returns this week's: their
    texts are nearly the same, and a vector does not change.
    """
    warehouse, settings = run.warehouse, run.settings
    options = RegisterOptions(
        model_id=model.model_id,
        false_births_per_week=settings.engine.false_births_per_week,
        numbers_taken=int(warehouse.recall("register.numbers_taken") or 0),
    )
    known = None if before is None else before.select("text_hash", "vector").unique("text_hash")
    window = knowledge.register_window(warehouse, week, model.model_id, options.window_weeks, known)
    step = advance_register(
        warehouse.rows(Issue, "register_week = ?", week - ONE_WEEK),
        window,
        week=week,
        options=options,
    )
    placed = place_issues(step.issues, settings.functions, model)
    frames = dict(zip(_TABLES, (placed, step.assignments, step.lineage, step.quotes), strict=True))
    with warehouse.transaction():
        for table, frame in frames.items():
            warehouse.replace(table, frame, f"{table.partition} = ?", week)
        warehouse.remember("register.code_version", str(VERSION))
        warehouse.remember("register.model_id", model.model_id)
        warehouse.remember("register.numbers_taken", str(_last_number(placed, options)))
        _stage(run, week, model.model_id).record(frames)
    run.note(
        week,
        step.issues.height,
        births=step.lineage.filter(step.lineage["event"] == "born").height,
        segments_placed=step.assignments["issue_id"].count(),
        segments_unassigned=step.assignments["issue_id"].null_count(),
        lineage=table_note(step.lineage.drop("week_start")),
    )
    return window


def _last_number(register: pl.DataFrame, options: RegisterOptions) -> int:
    """The highest number of an id ever given: ISS-0042 is 42."""
    numbers = register["issue_id"].str.extract(r"(\d+)$").cast(pl.Int64)
    return int(max([options.numbers_taken, *numbers.to_list()]))


def _place_unseen(run: WeekRun, week: date, model_id: str) -> None:
    """weeks.md 5: existing mentions keep their place; the register's state does not move."""
    warehouse = run.warehouse
    stage = _stage(run, week, model_id)
    if stage.is_current:
        return
    unseen = knowledge.unplaced_segments(warehouse, week, model_id)
    state = warehouse.rows(Issue, "register_week = ?", week)
    placed = assign_unseen(state, unseen, week=week)
    with warehouse.transaction():
        warehouse.append(Assignment, placed)
        stage.record({one: warehouse.rows(one, f"{one.partition} = ?", week) for one in _TABLES})
    run.note(week, state.height, segments_placed_late=placed.height)


def _refuse_other_register(run: WeekRun, model_id: str) -> None:
    """weeks.md 5 and 8: another model or other code asks for a rebuild, never happens silently."""
    first = week_label(run.settings.company.first_week)
    for name, now in (("code_version", str(VERSION)), ("model_id", model_id)):
        before = run.warehouse.recall(f"register.{name}")
        if before is not None and before != now:
            raise ConfigurationError(
                f"the register was made with {name} {before}, this program has {now}: "
                f"run `voc rebuild --from {first}`, or go back"
            )
