"""What a report is built from: frames with the columns of the models, in any row order."""

from dataclasses import dataclass, field

import polars as pl


def _none() -> pl.DataFrame:
    return pl.DataFrame()


@dataclass(frozen=True)
class ReportTables:
    """What a report is built from, all as known at the week's cutoff."""

    figures: pl.DataFrame
    """Rows of models.trend.PublishedFigure up to the week; issue_id '' for whole-week figures
    feedback_count, customer_count, problem_count, negative_share, exposure."""
    issues: pl.DataFrame
    """Rows of models.issue.Issue of the register week (label, function, first_week are read)."""
    quotes: pl.DataFrame
    """Rows of models.issue.IssueQuote of the register week."""
    health: pl.DataFrame
    """Rows of models.raw.SourceHealth up to the week."""
    loads: pl.DataFrame
    """Rows of models.raw.Load up to the week."""
    rejects: pl.DataFrame
    """source_id, scope, reason, remedy, reject_count of the week."""
    restatements: pl.DataFrame
    """Rows of models.trend.Restatement with as_of_week equal to the week."""
    back_test: pl.DataFrame
    """Rows of models.trend.TrendBacktest of the week; none if nothing was judged yet."""
    places: pl.DataFrame = field(default_factory=_none)
    """Rows of models.place.IssuePlace of the week."""
    patterns: pl.DataFrame = field(default_factory=_none)
    """Rows of models.place.IssuePattern of the week."""
    new_terms: pl.DataFrame = field(default_factory=_none)
    """Rows of models.place.IssueNewTerm of the week."""
    notices: pl.DataFrame = field(default_factory=_none)
    """Rows of models.quality.DataNotice of the week."""
    previous_actions: pl.DataFrame = field(default_factory=_none)
    """Rows of models.action.Action as of the week before; empty without a register."""
    actions: pl.DataFrame = field(default_factory=_none)
    """Rows of models.action.Action as of the week."""
    fix_verdicts: pl.DataFrame = field(default_factory=_none)
    """Rows of models.action.FixVerdict as of the week."""
    settled: pl.DataFrame = field(default_factory=_none)
    """Rows of models.action.FixVerdict: the last one of each action that is judged no more."""
    fix_weeks: pl.DataFrame = field(default_factory=_none)
    """Rows of models.action.FixWeek as of the week."""
    lineage: pl.DataFrame = field(default_factory=_none)
    """Rows of models.issue.IssueLineage up to the week."""
    shared: pl.DataFrame = field(default_factory=_none)
    """issue_id, other_issue_id, feedback_count: reports of the last 8 weeks that tell of both; the
    row of an issue with itself counts all of its reports."""
    scores: pl.DataFrame = field(default_factory=_none)
    """Rows of models.score.Score up to the week, each week's as first published."""
    drivers: pl.DataFrame = field(default_factory=_none)
    """Rows of models.score.ScoreDriver as of the week."""
    surveys: pl.DataFrame = field(default_factory=_none)
    """Rows of models.score.Survey as of the week."""
    placement: pl.DataFrame = field(default_factory=_none)
    """problem_count, unassigned_count: one row, the problem texts of the week."""
