"""What was known as of a week: the rows of partitions up to it, then the latest of each key."""

from datetime import date, timedelta

import polars as pl

from models.feedback import Feedback
from models.mention import Mention
from models.trend import Restatement
from voc_pipeline.warehouse import decisions, erasure
from voc_pipeline.warehouse.rebuild import interrupted_rebuild
from voc_pipeline.warehouse.schema import polars_schema
from voc_pipeline.warehouse.store import Warehouse

_SUPERSEDED = """superseded AS (
    SELECT feedback_id, max(revision) AS latest_revision FROM feedback
    WHERE received_week <= ? AND revision > 1 GROUP BY feedback_id
)"""
_CURRENT_FEEDBACK = f"""{_SUPERSEDED}, current_feedback AS (
    SELECT f.* FROM feedback f LEFT JOIN superseded s USING (feedback_id)
    WHERE f.received_week <= ? AND f.revision >= coalesce(s.latest_revision, 1) AND NOT f.is_deleted
)"""
CURRENT_FEEDBACK = _CURRENT_FEEDBACK
"""For queries of this room: `WITH {CURRENT_FEEDBACK} ...`, parameters: the week, twice."""
COUNTED = ("issue_id", "week_start", "source_id", "voice_key", "text_key")
"""The columns of a mention that weekly counts are made from."""
_LATEST_ASSIGNMENT = """placed AS (
    SELECT segment_id, arg_max(issue_id_or_none, assigned_week) AS issue_id_or_none,
           max(assigned_week) AS assigned_week
    FROM (SELECT segment_id, coalesce(issue_id, '') AS issue_id_or_none, assigned_week
          FROM assignments WHERE assigned_week <= ?)
    GROUP BY segment_id
)"""
_CAUSES_WITH_DECISIONS = """
    SELECT DISTINCT m.week_start, m.issue_id, 'late' AS reason FROM mentions m
    WHERE m.assigned_week = ? AND m.week_start < m.received_week AND m.issue_id NOT IN (
        SELECT unnest([issue_id, written_issue_id, coalesce(other_issue_id, '')]) FROM decisions)
    UNION ALL
    SELECT DISTINCT week_start, NULL, 'decision' FROM published_figures ORDER BY ALL"""
"""Verdicts are judged over all issues of a week, so a decision can change any of them."""


def current_feedback(warehouse: Warehouse, week: date, columns: str = "*") -> pl.DataFrame:
    """One row per feedback known as of a week, its highest revision, deletions left out."""
    return warehouse.query(
        f"WITH {_CURRENT_FEEDBACK} SELECT {columns} FROM current_feedback ORDER BY feedback_id",
        [week, week],
    )


def earlier_texts(warehouse: Warehouse, text_keys: pl.Series, week: date) -> pl.DataFrame:
    """One row per text_key known before a week's load: its first feedback and words."""
    wanted = pl.DataFrame({"text_key": text_keys.drop_nulls().unique().sort()})
    found = warehouse.query(
        "SELECT text_key, arg_min(feedback_id, (occurred_at, feedback_id)) AS feedback_id, "
        "arg_min(verbatim, (occurred_at, feedback_id)) AS verbatim, "
        "min(occurred_at) AS occurred_at "
        "FROM feedback SEMI JOIN wanted USING (text_key) "
        "WHERE received_week < ? AND revision = 1 GROUP BY text_key ORDER BY text_key",
        [week],
        wanted=wanted,
    )
    schema = polars_schema(Feedback)
    return found.cast({name: schema[name] for name in found.columns})


def register_window(
    warehouse: Warehouse,
    week: date,
    model_id: str,
    weeks: int,
    known: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per problem segment that arrived in the `weeks` up to a week, for the register.

    Columns: segment_id, feedback_id, segment_text, text_hash, source_id, channel, product,
    voice_key, text_key, week_start, received_week, current_issue_id, is_new, vector.

    Args:
        warehouse: where it is read from.
        week: Monday of the last week.
        model_id: vector model; a segment without its vector is left out.
        weeks: how many.
        known: text_hash and vector of texts read before, as of the window of the week before:
            most of a window are the same texts.
    """
    first = week - timedelta(weeks=weeks - 1)
    window = warehouse.query(
        f"""WITH {_CURRENT_FEEDBACK}, {_LATEST_ASSIGNMENT}
        SELECT s.segment_id, s.feedback_id, s.segment_text, s.text_hash, s.source_id, f.channel,
               f.product, f.voice_key, coalesce(f.text_key, f.feedback_id) AS text_key,
               s.week_start, s.received_week, p.segment_id IS NULL AS is_new,
               coalesce(w.survivor_id, nullif(p.issue_id_or_none, '')) AS current_issue_id
        FROM segments s
        JOIN current_feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
        LEFT JOIN placed p ON p.segment_id = s.segment_id
        LEFT JOIN survivors w ON w.issue_id = p.issue_id_or_none
        WHERE s.kind = 'problem' AND s.received_week BETWEEN ? AND ?
        ORDER BY s.segment_id""",
        [week, week, week, first, week],
        survivors=_survivors(warehouse, week),
    )
    vectors = _vectors(warehouse, window.select("text_hash").unique(), model_id, known)
    return window.join(vectors, on="text_hash", how="inner", maintain_order="left")


def _vectors(
    warehouse: Warehouse, texts: pl.DataFrame, model_id: str, known: pl.DataFrame | None
) -> pl.DataFrame:
    """text_hash and vector of these texts: those known as they are, the others read."""
    held = None if known is None else known.join(texts, on="text_hash", how="semi")
    wanted = texts if held is None else texts.join(held, on="text_hash", how="anti")
    read = warehouse.query(
        "SELECT text_hash, vector FROM vectors SEMI JOIN wanted USING (text_hash) "
        "WHERE model_id = ?",
        [model_id],
        wanted=wanted,
    )
    return read if held is None else pl.concat([held, read])


def known_vectors(warehouse: Warehouse, text_hashes: pl.Series, model_id: str) -> pl.Series:
    """Of these texts, the hashes that have a vector of the model."""
    return warehouse.query(
        "SELECT text_hash FROM vectors SEMI JOIN wanted USING (text_hash) "
        "WHERE model_id = ? ORDER BY text_hash",
        [model_id],
        wanted=pl.DataFrame({"text_hash": text_hashes.unique().sort()}),
    )["text_hash"]


def unplaced_segments(warehouse: Warehouse, week: date, model_id: str) -> pl.DataFrame:
    """Problem segments that arrived in a week and that no register week has placed yet."""
    window = register_window(warehouse, week, model_id, weeks=1)
    return warehouse.query(
        "SELECT w.* FROM found w ANTI JOIN assignments a USING (segment_id) ORDER BY segment_id",
        found=window,
    )


def new_mentions(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One mention row per segment that a register week placed, moved or took away."""
    return warehouse.query(
        """SELECT a.segment_id, s.feedback_id, s.revision, a.issue_id, a.match_score,
               a.assigned_week, s.received_week, s.week_start, s.source_id, f.channel, f.product,
               f.touchpoint, f.customer_segment, f.region, f.voice_key,
               coalesce(f.text_key, f.feedback_id) AS text_key, f.customer_key
        FROM assignments a
        JOIN segments s USING (segment_id)
        JOIN feedback f ON f.feedback_id = s.feedback_id AND f.revision = s.revision
        WHERE a.assigned_week = ? AND (a.issue_id IS NOT NULL OR EXISTS (
            SELECT 1 FROM assignments b WHERE b.segment_id = a.segment_id
            AND b.assigned_week < a.assigned_week AND b.issue_id IS NOT NULL))
        ORDER BY a.segment_id""",
        [week],
    )


def current_mentions(
    warehouse: Warehouse,
    week: date,
    first: date = date(1, 1, 1),
    columns: tuple[str, ...] = tuple(Mention.model_fields),
) -> pl.DataFrame:
    """One row per segment that belongs to an issue as of a week, of feedback since `first`.

    Merged issues are mapped forward, and the merges and splits that people decided are followed.
    `columns` are those of `Mention` wanted: five of them come in a third of the time of all.
    """
    wanted = ", ".join(f"m.{one}" for one in {**dict.fromkeys(columns), "issue_id": None})
    told = warehouse.query(
        f"""WITH {_SUPERSEDED}, latest AS (
            SELECT * FROM mentions WHERE assigned_week <= ? AND week_start >= ?
            QUALIFY row_number() OVER (PARTITION BY segment_id ORDER BY assigned_week DESC) = 1
        ), taken AS (
            SELECT segment_id, string_agg(decision_id, ' ' ORDER BY decision_id) AS splits
            FROM split_members GROUP BY segment_id
        )
        SELECT {wanted}, coalesce(t.splits, '') AS splits
        FROM latest m LEFT JOIN superseded s USING (feedback_id)
        LEFT JOIN taken t USING (segment_id)
        WHERE m.issue_id IS NOT NULL AND m.revision >= coalesce(s.latest_revision, 1)
        ORDER BY m.segment_id""",
        [week, week, first],
    )
    pairs = told.select("issue_id", "splits").unique().sort("issue_id", "splits")
    places = decisions.places(warehouse, pairs, week)
    placed = told.join(places, on=["issue_id", "splits"], how="left", maintain_order="left")
    return placed.with_columns(issue_id="counts_for").select(columns)


def _survivors(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """Each merged issue and the issue that its mentions count for now, chains resolved."""
    merges = dict(
        warehouse.query(
            "SELECT issue_id, other_issue_id FROM issue_lineage "
            "WHERE event = 'merged' AND week_start <= ? ORDER BY week_start, issue_id",
            [week],
        ).iter_rows()
    )
    for merged, survivor in list(merges.items()):
        target = survivor
        while target in merges and target != merged:
            target = merges[target]
        merges[merged] = target
    return pl.DataFrame(
        {"issue_id": list(merges), "survivor_id": list(merges.values())},
        schema={"issue_id": pl.String, "survivor_id": pl.String},
    )


def weekly_volumes(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per week and source, and one per week without a source: distinct feedback with words.

    As of a week; column feedback_count. A text of two sources counts once in the whole week.
    """
    return warehouse.query(
        f"""WITH {_CURRENT_FEEDBACK}
        SELECT week_start, source_id, count(DISTINCT (voice_key, text_key)) AS feedback_count
        FROM current_feedback WHERE text_key IS NOT NULL AND week_start <= ?
        GROUP BY GROUPING SETS ((week_start), (week_start, source_id)) ORDER BY ALL""",
        [week, week, week],
    )


def restatement_causes(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """Weeks and issues whose counts a week's run changed, and why.

    Columns week_start, issue_id (null: every issue of the week), reason ('reassigned' or
    'revised', or 'rebuilt' while a rebuild goes on, or 'erased' after an erasure, or 'decision'
    where merges or splits of people came or went); the rest changed by late records.
    """
    whole = "rebuilt" if interrupted_rebuild(warehouse) else None
    whole = whole or ("erased" if erasure.is_pending(warehouse) else None)
    if whole:
        return warehouse.query(
            "SELECT DISTINCT week_start, NULL::VARCHAR AS issue_id, ? AS reason "
            "FROM published_figures ORDER BY week_start",
            [whole],
        )
    if decisions.changed_since_judged(warehouse):
        return warehouse.query(_CAUSES_WITH_DECISIONS, [week])
    return warehouse.query(
        """SELECT DISTINCT m.week_start, unnest([m.issue_id, p.issue_id]) AS issue_id,
                  'reassigned' AS reason
        FROM mentions m LEFT JOIN mentions p
            ON p.segment_id = m.segment_id AND p.assigned_week < m.assigned_week
        WHERE m.assigned_week = ? AND m.received_week < m.assigned_week
        UNION ALL
        SELECT DISTINCT old.week_start, NULL, 'revised'
        FROM feedback new JOIN feedback old
            ON old.feedback_id = new.feedback_id AND old.revision < new.revision
        WHERE new.received_week = ? ORDER BY ALL""",
        [week, week],
    )


def is_reported(warehouse: Warehouse, week: date) -> bool:
    """True if a week has a report: what it published stays as it is."""
    return bool(warehouse.output_hash("report", week))


def last_published_week(warehouse: Warehouse) -> date | None:
    """Monday of the latest week with published figures."""
    found = warehouse.query("SELECT max(week_start) AS week_start FROM published_figures")
    latest = found["week_start"][0]
    return latest if isinstance(latest, date) else None


def add_restatements(warehouse: Warehouse, restated: pl.DataFrame) -> None:
    """Add restatements, in the caller's transaction.

    One found again in the same week keeps what it was first, and goes if it is that again.
    """
    before = warehouse.query(
        "SELECT * FROM restatements "
        "SEMI JOIN incoming USING (as_of_week, week_start, issue_id, figure)",
        incoming=restated,
    )
    keys = ["as_of_week", "week_start", "issue_id", "figure"]
    merged = restated.join(
        before.select(*keys, first="was_value", is_known=pl.lit(value=True)), on=keys, how="left"
    )
    known = restated.select(keys).join(before.select(keys), on=keys, how="semi")
    warehouse.execute(
        "DELETE FROM restatements r USING incoming i WHERE r.as_of_week = i.as_of_week "
        "AND r.week_start = i.week_start AND r.issue_id = i.issue_id AND r.figure = i.figure",
        incoming=known,
    )
    first = pl.when("is_known").then("first").otherwise("was_value")  # also where it was nothing
    merged = merged.with_columns(was_value=first).drop("first", "is_known")
    warehouse.append(Restatement, merged.filter(pl.col("was_value").ne_missing(pl.col("is_value"))))


def rejects_by_reason(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per source, scope and reason of what a week's loads set aside."""
    return warehouse.query(
        "SELECT source_id, scope, reason, any_value(remedy ORDER BY remedy) AS remedy, "
        "count(*) AS reject_count FROM rejects WHERE received_week = ? "
        "GROUP BY source_id, scope, reason ORDER BY source_id, scope, reason",
        [week],
    )


def published_judgements(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per issue and week up to a week: the numbers its judgement was published with."""
    numbers = ("observed_count", "expected_count", "lower_bound", "upper_bound", "p_value",
               "alarm_chance", "is_alarm")  # fmt: skip
    columns = ", ".join(f"max(value) FILTER (figure = '{name}') AS {name}" for name in numbers)
    found = warehouse.query(
        f"SELECT week_start, issue_id, {columns} FROM published_figures "
        "WHERE issue_id <> '' AND week_start <= ? GROUP BY ALL ORDER BY week_start, issue_id",
        [week],
    )
    return found.with_columns(pl.col("is_alarm").fill_null(0.0) > 0)
