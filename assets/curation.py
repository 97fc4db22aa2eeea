"""curation: what people decided about issues, and the themes issues stand under."""

from datetime import date

import polars as pl

from assets.naming import Namer, namer_of
from assets.stage import WeekRun
from assets.vector_model import chosen_model
from models.curation import CuratedIssue, CuratedQuote, DecisionRow, read_decisions
from models.glossary import Glossary, Theme, read_glossary
from models.issue import Issue, IssueQuote
from models.week import ONE_WEEK
from voc_pipeline.issues.curation import concerned, curate_issues, read_rulings, split_members
from voc_pipeline.issues.quotes import quotes_of_members
from voc_pipeline.issues.themes import place_under_themes, theme_rows
from voc_pipeline.issues.vectors import VectorModel
from voc_pipeline.warehouse import Warehouse, decisions, knowledge
from voc_pipeline.warehouse.schema import columns
from voc_pipeline.warehouse.store import digest

VERSION = 2
_WINDOW_WEEKS = 26
"""Names of parts and quotes are chosen from mentions that came in so many weeks."""


def curation(run: WeekRun) -> None:
    """The register as people see it: names, themes, owners, parts split off, merged issues.

    curation.toml and glossary.toml are read anew in every run. They change no register; a removed
    line restores all current tables, and what was published stays as published.
    """
    warehouse = run.warehouse
    glossary = read_glossary(run.home.path, [one.id for one in run.settings.functions])
    model = chosen_model(run.settings.engine.vector_model, run.home.path)
    _decide(run, glossary, model)
    latest = warehouse.latest_week("issues")
    with namer_of(run.settings.naming, warehouse, run.say) as namer:
        for week in run.weeks:
            _curate(run, week, glossary, model, namer)
        if latest is not None and latest not in run.asked_weeks:
            _curate(run, latest, glossary, model, namer)
    current = decisions.curated_issues(warehouse, latest) if latest else pl.DataFrame()
    if current.height:
        with warehouse.transaction():
            warehouse.replace(Theme, theme_rows(current, glossary.themes), "TRUE")


def _decide(run: WeekRun, glossary: Glossary, model: VectorModel) -> None:
    """Put the file's decisions in force, with the segments that splits take."""
    warehouse = run.warehouse
    latest = warehouse.latest_week("issues")
    known = warehouse.rows(Issue, "register_week = ?", latest)["issue_id"].to_list()
    rows, set_aside = read_rulings(
        read_decisions(run.home.path),
        known=set(known),
        crosswalk=decisions.crosswalk(warehouse),
        functions={one.id for one in run.settings.functions},
        themes={one.id for one in glossary.themes},
        before=warehouse.rows(DecisionRow),
    )
    for told in set_aside:
        run.say(told)
    in_force = rows.filter("is_in_force")
    members = decisions.no_members()
    if (in_force["action"] == "split").any():
        candidates = decisions.split_candidates(warehouse, known, model.model_id)
        members = split_members(in_force, candidates, model)
    decisions.replace_decisions(warehouse, rows, members)
    followed = in_force.filter(pl.col("issue_id") != pl.col("written_issue_id"))
    for row in followed.to_dicts():
        run.say(
            f"{row['decision_id']} names {row['written_issue_id']}, which a rebuild made "
            f"{row['issue_id']}"
        )


def _curate(run: WeekRun, week: date, glossary: Glossary, model: VectorModel, namer: Namer) -> None:
    """Names, themes and owners after a register week, and the quotes of issues that changed."""
    warehouse = run.warehouse
    before = decisions.found_themes_before(warehouse, week)
    stage = warehouse.stage(
        "curation",
        week,
        version=VERSION,
        inputs={
            "issues": warehouse.output_hash("issues", week),
            "mentions": warehouse.history_hash("mentions", week),
            "themes before": digest(*before.items()),
            "decisions": decisions.names_hash(warehouse),
        },
        settings=(glossary.model_dump_json(), model.model_id, namer.model),
    )
    if stage.is_current:
        return
    register = warehouse.rows(Issue, "register_week = ?", week)
    rows = decisions.in_force(warehouse)
    rulings = decisions.rulings(warehouse, week)
    names = concerned(register["issue_id"].to_list(), rows, rulings)
    members = _members(warehouse, names, week, model)
    curated = curate_issues(register, rows, rulings, members, week=week)
    placed = place_under_themes(curated, glossary.themes, before, model)
    recent = members.filter(pl.col("received_week") > week - _WINDOW_WEEKS * ONE_WEEK)
    quotes = pl.concat(
        [
            warehouse.rows(IssueQuote, "register_week = ?", week).filter(
                ~pl.col("issue_id").is_in(names)
            ),
            quotes_of_members(recent, week),
        ]
    )
    placed = namer.named(placed, quotes, rows)
    stage.write({CuratedIssue: placed.select(columns(CuratedIssue)), CuratedQuote: quotes})
    run.note(
        week,
        placed.height,
        decisions=rows.height,
        without_theme=placed.filter(pl.col("state") == "active")["theme"].null_count(),
        muted=int(placed["is_muted"].sum()),
    )


def _members(
    warehouse: Warehouse, names: list[str], week: date, model: VectorModel
) -> pl.DataFrame:
    """The current mentions, with words and vectors, of issues that merges and splits concern."""
    mentions = knowledge.current_mentions(warehouse, week) if names else decisions.no_mentions()
    found = mentions.filter(pl.col("issue_id").is_in(names))
    return decisions.member_evidence(warehouse, found, model.model_id)
