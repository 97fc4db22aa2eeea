"""The register's two doors: one week forward, and a place for what an old week had not seen.

Here frames come in and go out; the rules are in `register_week`. Decisions of people never enter:
they map mentions later.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.errors import ConfigurationError, shortened
from voc_pipeline.issues.evidence import read_evidence, vectors_of
from voc_pipeline.issues.labels import name_issues
from voc_pipeline.issues.quotes import pick_quotes
from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.register_week import RegisterWeek
from voc_pipeline.issues.standing import match, read_standings, write_assignments, write_issues


@dataclass(frozen=True, slots=True)
class RegisterStep:
    """What one register week writes: rows of issues, assignments, issue_lineage, issue_quotes."""

    issues: pl.DataFrame
    assignments: pl.DataFrame
    lineage: pl.DataFrame
    quotes: pl.DataFrame


def advance_register(
    previous: pl.DataFrame, window: pl.DataFrame, *, week: date, options: RegisterOptions
) -> RegisterStep:
    """One row per issue ever born, as of `week`, with the week's assignments, lineage and quotes.

    Args:
        previous: issues of the register week before, with vector_sum; empty for the first.
        window: problem segments received in the last `options.window_weeks` weeks up to `week`,
            with vectors and, in current_issue_id, their issue so far (merges followed). Rows
            received in `week` are new. With three weeks it runs, but nothing is born after the
            start, as there is no past to compare with.
        week: Monday of the register week.
        options: thresholds and the vector model, which must be the register's.

    Returns:
        Frames in canonical order: the same for any order of `window`, and if rows come twice.

    Raises:
        ConfigurationError: the register holds sums of another vector model.
        ContractError: the window lacks a column, or vectors differ in length.
    """
    _refuse_other_model(previous, options.model_id)
    evidence = read_evidence(window, week=week, young_weeks=options.young_weeks)
    turn = RegisterWeek(read_standings(previous), evidence, week, options)
    turn.run()
    name_issues(turn.standings, evidence, turn.place)
    changed = np.flatnonzero(evidence.is_new | (turn.place != turn.before))
    matched = (turn.place[changed], turn.near[changed], turn.score[changed])
    segments = evidence.frame["segment_id"].gather(changed)
    return RegisterStep(
        issues=write_issues(turn.standings, week, options.model_id),
        assignments=write_assignments(turn.standings, segments, matched, week),
        lineage=turn.lineage(),
        quotes=pick_quotes(turn.standings, evidence, turn.place, week),
    )


def assign_unseen(issues: pl.DataFrame, segments: pl.DataFrame, *, week: date) -> pl.DataFrame:
    """One row per segment: its place in the register of `issues`, which stays as it is.

    For a week that is run again (weeks.md 5): nothing is born, no sum changes.

    Args:
        issues: the register's rows of one week, with vector_sum.
        segments: needs segment_id and vector.
        week: Monday of the register week, written as assigned_week.
    """
    standings = read_standings(issues)
    rows = segments.unique("segment_id", keep="any").sort("segment_id")
    return write_assignments(
        standings, rows["segment_id"], match(standings, vectors_of(rows)), week
    )


def _refuse_other_model(previous: pl.DataFrame, model_id: str) -> None:
    others = [] if previous.is_empty() else previous["model_id"].unique().sort().to_list()
    if any(other != model_id for other in others):
        raise ConfigurationError(
            f"the register was made with vector model {shortened(others[0])}, not "
            f"{shortened(model_id)}: set engine.vector_model back, or run `voc rebuild`"
        )
