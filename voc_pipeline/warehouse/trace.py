"""From a published figure to the records behind it, as known at its cutoff and as known now."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from models.errors import ConfigurationError, shortened
from models.trace import TracedFigure, TracedRecord, TracedRestatement
from models.trend import PublishedFigure, Restatement
from models.week import week_label
from voc_pipeline.warehouse import knowledge
from voc_pipeline.warehouse.schema import quoted
from voc_pipeline.warehouse.store import Warehouse

QUOTE_LIMIT = 200
OF_WEEK = ("feedback_count", "customer_count", "exposure", "problem_count", "negative_share")
OF_ISSUE = ("feedback_count", "customer_count", "observed_count")
"""Figures that the listed records make by themselves; the others follow from many weeks."""
_FEEDBACK = (
    "feedback_id, source_id, external_id, occurred_at, channel, received_week, week_start, "
    "voice_key, text_key, response_id, score_metric, score_share, left(verbatim, 1000) AS words, "
    "EXISTS (SELECT 1 FROM segments s WHERE s.feedback_id = current_feedback.feedback_id "
    "AND s.revision = current_feedback.revision AND s.kind = 'problem') AS is_problem"
)


@dataclass(frozen=True)
class _Evidence:
    """Records of a figure at one state of knowledge, `unit` naming what counts once."""

    records: pl.DataFrame
    value: float | None


def trace_figure(warehouse: Warehouse, week: date, issue_id: str, figure: str) -> TracedFigure:
    """A published figure with the records behind it.

    Args:
        warehouse: the open warehouse.
        week: Monday of the week published.
        issue_id: the issue; empty for a figure of the whole week.
        figure: name of the figure, as in `published_figures`.

    Raises:
        ConfigurationError: no such figure was published.
    """
    restated = warehouse.rows(
        Restatement, "week_start = ? AND issue_id = ? AND figure = ?", week, issue_id, figure
    ).sort("as_of_week")
    published = _published(warehouse, week, issue_id, figure, restated)
    latest = warehouse.latest_week("trends") or week
    then, now = (_evidence(warehouse, one, week, issue_id, figure) for one in (week, latest))
    corrections = tuple(
        TracedRestatement(
            **{name: row[name] for name in ("as_of_week", "was_value", "is_value", "reason")}
        )
        for row in restated.to_dicts()
    )
    return TracedFigure(
        week_start=week,
        issue_id=issue_id,
        label=_label(warehouse, latest, issue_id),
        figure=figure,
        value=published.value,
        value_text=published.value_text,
        as_of=published.as_of,
        query=_query(week, issue_id, figure),
        records_then=then.value,
        records_now=now.value,
        restatements=corrections,
        explanation=_explanation(
            published.value,
            then.value,
            now.value,
            corrections,
            is_made_of_records=figure in (OF_ISSUE if issue_id else OF_WEEK),
        ),
        records=_records(then.records, now.records),
    )


def _published(
    warehouse: Warehouse, week: date, issue_id: str, figure: str, restated: pl.DataFrame
) -> PublishedFigure:
    rows = warehouse.rows(PublishedFigure, "week_start = ? AND issue_id = ?", week, issue_id)
    found = rows.filter(figure=figure).to_dicts()
    if found:
        return PublishedFigure(**found[0])
    if not restated.is_empty():  # the issue was born later, and its late records count here
        known = {"week_start": week, "issue_id": issue_id, "figure": figure}
        return PublishedFigure(**known, value=None, value_text=None, as_of=restated["as_of"][0])
    what = f"issue {shortened(issue_id)}" if issue_id else "the whole week"
    if rows.is_empty():
        raise ConfigurationError(
            f"nothing was published of {what} in {week_label(week)}: the week has not run, or the "
            "issue was not known then"
        )
    names = ", ".join(rows["figure"].sort())
    raise ConfigurationError(
        f"{week_label(week)} has no figure {shortened(figure)} of {what}; there are: {names}"
    )


def _query(week: date, issue_id: str, figure: str) -> str:
    column = "value_text" if figure in ("verdict", "reason") else "value"
    return (
        f"SELECT {column} FROM published_figures WHERE week_start = DATE '{week}' "
        f"AND issue_id = {quoted(issue_id)} AND figure = {quoted(figure)}"
    )


def _label(warehouse: Warehouse, latest: date, issue_id: str) -> str:
    found = warehouse.value(
        "SELECT label FROM curated_issues WHERE issue_id = ? AND register_week <= ? "
        "ORDER BY register_week DESC LIMIT 1",
        issue_id,
        latest,
    )
    return str(found or "")


def _evidence(
    warehouse: Warehouse, known: date, week: date, issue_id: str, figure: str
) -> _Evidence:
    found = knowledge.current_feedback(warehouse, known, _FEEDBACK).filter(week_start=week)
    if issue_id:
        return _of_issue(warehouse, known, week, issue_id, figure, found)
    return _of_week(found, figure)


def _of_issue(
    warehouse: Warehouse, known: date, week: date, issue_id: str, figure: str, found: pl.DataFrame
) -> _Evidence:
    """The records with a mention; they make feedback_count, and their voices customer_count."""
    mentions = knowledge.current_mentions(warehouse, known).filter(
        issue_id=issue_id, week_start=week
    )
    best = warehouse.query(
        "SELECT feedback_id, arg_max(segment_text, (match_score, segment_id)) AS words "
        "FROM found JOIN segments USING (segment_id) GROUP BY ALL ORDER BY feedback_id",
        found=mentions.select("segment_id", "match_score"),
    )
    keys = mentions.select("feedback_id", "voice_key", "text_key").unique().sort("feedback_id")
    records = (
        found.drop("voice_key", "text_key", "words")
        .join(keys, "feedback_id")
        .join(best, "feedback_id")
    )
    unit = ["voice_key"] if figure == "customer_count" else ["voice_key", "text_key"]
    return _counted(records, unit)


def _of_week(found: pl.DataFrame, figure: str) -> _Evidence:
    """The records of a whole week that a figure is about."""
    whole = found.with_columns(own_words=pl.coalesce("text_key", "feedback_id"))
    if figure == "customer_count":
        return _counted(whole, ["voice_key"])
    if figure == "exposure":
        return _counted(whole.filter(pl.col("text_key").is_not_null()), ["voice_key", "text_key"])
    if figure == "problem_count":
        problems = whole.filter(pl.col("text_key").is_not_null() & pl.col("is_problem"))
        return _counted(problems, ["voice_key", "text_key"])
    if figure == "negative_share":
        scored = whole.filter(pl.col("score_share").is_not_null())
        units = _counted(scored, ["source_id", "response_id", "score_metric"]).records
        counted = units.filter("is_counted")
        mean = counted.select((pl.col("score_share") < 0.5).cast(pl.Float64).mean()).item()
        return _Evidence(units, mean)
    return _counted(whole, ["voice_key", "own_words"])


def _counted(records: pl.DataFrame, unit: list[str]) -> _Evidence:
    ordered = records.sort("feedback_id").with_columns(
        is_counted=pl.struct(unit).is_first_distinct()
    )
    return _Evidence(ordered, float(ordered["is_counted"].sum()))


def _records(then: pl.DataFrame, now: pl.DataFrame) -> tuple[TracedRecord, ...]:
    """Those known at the cutoff, then what came or went since, each by its time."""
    before, after = set(then["feedback_id"]), set(now["feedback_id"])
    both = pl.concat([then, now.filter(~pl.col("feedback_id").is_in(sorted(before)))])
    rows = both.sort("occurred_at", "feedback_id").to_dicts()
    names = [name for name in TracedRecord.model_fields if name not in ("state", "quote")]
    return tuple(
        TracedRecord(
            **{name: row[name] for name in names},
            state=_state(row["feedback_id"], before, after),
            quote=_cut(row["words"]),
        )
        for row in rows
    )


def _state(feedback_id: str, before: set[str], after: set[str]) -> str:
    if feedback_id not in before:
        return "added since"
    return "known then" if feedback_id in after else "gone since"


def _cut(words: str | None) -> str:
    text = " ".join("".join(one if one.isprintable() else " " for one in words or "").split())
    return text if len(text) <= QUOTE_LIMIT else text[:QUOTE_LIMIT].rstrip() + "…"


def _explanation(
    value: float | None,
    then: float | None,
    now: float | None,
    corrections: tuple[TracedRestatement, ...],
    *,
    is_made_of_records: bool,
) -> str:
    if value is None and corrections and corrections[0].was_value is None:
        return "Nothing was published of it then; it is known since, as listed."
    if not is_made_of_records:
        return (
            "Computed from the counts of this week and of those before it; the records listed are "
            "this week's."
        )
    if value == then or (value is not None and then is not None and abs(value - then) < 1e-9):
        said = "The records known at the cutoff make the figure"
        if value == now or not corrections:
            return f"{said}."
        return f"{said}; it was restated since, as listed."
    if corrections:
        return (
            "The records as now placed under this cutoff make another number: later loads of the "
            "week, or decisions, moved them; the restatements listed say when and why."
        )
    return (
        "The records do not make the figure, and no restatement says why: run the week again, and "
        "its check."
    )
