"""The stated measures: figures of the report that are no cell of a table, as queries.

Each query has the columns `key` and `value` and reads public tables only; `$week` stands for the
Monday of the report's week. Nothing is run here: the warehouse asks them, and so can an analyst.
"""

from dataclasses import dataclass

from models.report_figures import FigureUnit


@dataclass(frozen=True)
class Measure:
    """One stated query."""

    sql: str
    unit: FigureUnit


_RATES = """rates AS (
    SELECT p.week_start, 1000 * p.value / f.value AS value
    FROM published_figures p JOIN published_figures f USING (week_start, issue_id)
    WHERE p.issue_id = '' AND p.figure = 'problem_count' AND f.figure = 'feedback_count'
      AND f.value > 0 AND isfinite(f.value) AND isfinite(p.value)
)"""
_WHOLE = """whole AS (
    SELECT week_start, 'problem_rate' AS name, value FROM rates
    UNION ALL SELECT week_start, figure, value FROM published_figures
    WHERE issue_id = '' AND figure IN ('negative_share', 'feedback_count') AND isfinite(value)
)"""
_JUDGED = """judged AS (
    SELECT week_start, issue_id,
           any_value(value) FILTER (figure = 'feedback_count') AS feedback_count,
           any_value(value) FILTER (figure = 'lower_bound') AS lower_bound,
           any_value(value) FILTER (figure = 'upper_bound') AS upper_bound,
           any_value(value_text) FILTER (figure = 'verdict') AS verdict
    FROM published_figures WHERE issue_id <> '' AND week_start <= $week
      AND figure IN ('feedback_count', 'lower_bound', 'upper_bound', 'verdict')
    GROUP BY week_start, issue_id
    HAVING verdict <> 'INSUFFICIENT_HISTORY' AND upper_bound IS NOT NULL
)"""
_LEDGER_COLUMNS = (
    "fetched_count", "loaded_count", "revised_count", "deleted_count", "duplicate_count",
    "rejected_count", "suppressed_count", "outside_window_count",
)  # fmt: skip


def _usual(end: float) -> str:
    return (
        f"WITH {_RATES}, {_WHOLE} SELECT name AS key, quantile_cont(value, {end}) AS value "
        "FROM whole WHERE week_start < $week AND week_start >= $week - INTERVAL 26 WEEK "
        "GROUP BY name HAVING count(*) >= 8"
    )


def _usual_of_functions(end: float) -> str:
    return (
        f"{_FUNCTIONS} SELECT key, quantile_cont(value, {end}) AS value FROM rated "
        "WHERE week_start < $week AND week_start >= $week - INTERVAL 26 WEEK "
        "GROUP BY key HAVING count(*) >= 8"
    )


def _ledger(weeks: str) -> str:
    whole = "sum(fetched_count) - sum(" + " + ".join(_LEDGER_COLUMNS[1:]) + ")"
    sums = ", ".join(f"sum({name}) AS {name}" for name in _LEDGER_COLUMNS)
    columns = ", ".join((*_LEDGER_COLUMNS, "difference"))
    return (
        f"SELECT source_id || '/' || name AS key, value::DOUBLE AS value FROM (UNPIVOT ("
        f"SELECT coalesce(source_id, '') AS source_id, {sums}, {whole} AS difference FROM loads "
        f"WHERE {weeks} GROUP BY ROLLUP (source_id)) ON {columns} INTO NAME name VALUE value)"
    )


def _of_issue(sql: str) -> str:
    return (
        "WITH exposed AS (SELECT week_start, value AS exposure FROM published_figures "
        "WHERE issue_id = '' AND figure = 'feedback_count' AND value > 0), counted AS ("
        "SELECT week_start, issue_id, figure, value FROM published_figures WHERE issue_id <> '' "
        "AND figure IN ('feedback_count', 'lower_bound', 'upper_bound') AND value IS NOT NULL) "
    ) + sql


_PLACED = """WITH texts AS (
    SELECT f.voice_key, f.text_key, bool_or(m.issue_id IS NOT NULL) AS is_placed
    FROM segments s JOIN feedback f USING (feedback_id, revision)
    LEFT JOIN mentions m USING (segment_id)
    WHERE s.kind = 'problem' AND f.week_start = $week AND f.text_key IS NOT NULL
    GROUP BY f.voice_key, f.text_key
) """
_FUNCTIONS = (
    _of_issue("").rstrip()
    + """, rated AS (
    SELECT i.function AS key, c.week_start,
           1000 * sum(c.value) / any_value(e.exposure) AS value
    FROM counted c JOIN exposed e USING (week_start)
    JOIN issues i ON i.issue_id = c.issue_id AND i.register_week = $week
    WHERE c.figure = 'feedback_count' AND i.issue_id IN (
        SELECT issue_id FROM published_figures WHERE week_start = $week)
    GROUP BY i.function, c.week_start
) """
)


def _asks(value: str) -> str:
    return (
        f"SELECT '' AS key, {value} AS value FROM actions WHERE as_of_week = $week "
        "AND asked_week < $week AND (status = 'open' OR changed_week = $week) HAVING count(*) > 0"
    )


MEASURES: dict[str, Measure] = {
    "problem_rate": Measure(
        f"WITH {_RATES} SELECT '' AS key, value FROM rates WHERE week_start = $week",
        "per_thousand",
    ),
    "usual_lower": Measure(_usual(0.05), "per_thousand"),
    "usual_upper": Measure(_usual(0.95), "per_thousand"),
    "issues_above": Measure(
        f"WITH {_JUDGED} SELECT '' AS key, count(*) FILTER (feedback_count > upper_bound) AS value "
        "FROM judged WHERE week_start = $week",
        "count",
    ),
    "issues_judged": Measure(
        f"WITH {_JUDGED} SELECT '' AS key, count(*) AS value FROM judged WHERE week_start = $week",
        "count",
    ),
    "issues_tracked": Measure(
        "SELECT '' AS key, count(DISTINCT issue_id) AS value FROM published_figures "
        "WHERE week_start = $week AND issue_id <> ''",
        "count",
    ),
    "usual_above": Measure(
        f"WITH {_JUDGED} SELECT '' AS key, coalesce((SELECT above_share FROM trend_backtest "
        "WHERE week_start = $week AND volume_band = 'all'), 0.025) * count(*) AS value "
        "FROM judged WHERE week_start = $week",
        "count",
    ),
    "on_time_share": Measure(
        "SELECT source_id AS key, 1 - sum(late_count) / sum(arrived_count) AS value FROM "
        "source_health h WHERE arrived_count > 0 AND week_start <= $week "
        "AND week_start > $week - INTERVAL 26 WEEK AND week_start > (SELECT min(week_start) "
        "FROM source_health f WHERE f.source_id = h.source_id AND f.arrived_count > 0) "
        "GROUP BY source_id",
        "share",
    ),
    "history_weeks": Measure(
        "SELECT '' AS key, count(DISTINCT week_start) AS value FROM published_figures "
        "WHERE week_start < $week",
        "count",
    ),
    "week_rate": Measure(
        _of_issue(
            "SELECT issue_id || '/' || figure AS key, 1000 * value / exposure AS value "
            "FROM counted JOIN exposed USING (week_start) WHERE week_start = $week"
        ),
        "per_thousand",
    ),
    "month_rate": Measure(
        _of_issue(
            "SELECT issue_id AS key, 1000 * sum(value) / sum(exposure) AS value "
            "FROM counted JOIN exposed USING (week_start) WHERE figure = 'feedback_count' "
            "AND date_trunc('month', week_start) = date_trunc('month', $week) "
            "AND week_start <= $week GROUP BY issue_id"
        ),
        "per_thousand",
    ),
    "excess": Measure(
        "SELECT issue_id AS key, sum(value * CASE figure WHEN 'feedback_count' THEN 1 ELSE -1 END) "
        "AS value FROM published_figures WHERE week_start = $week AND issue_id <> '' "
        "AND figure IN ('feedback_count', 'expected_count') GROUP BY issue_id",
        "difference",
    ),
    "places_rest": Measure(
        "WITH ranked AS (SELECT issue_id, dimension, contribution, row_number() OVER "
        "(PARTITION BY issue_id, dimension ORDER BY contribution DESC, cell IS NULL, cell) "
        "AS place FROM issue_places WHERE week_start = $week AND second_dimension = '') "
        "SELECT issue_id || '/' || dimension AS key, "
        "sum(contribution) FILTER (place > 4) AS value FROM ranked GROUP BY ALL "
        "HAVING count(*) > 5",
        "difference",
    ),
    "source_state_weeks": Measure(
        "SELECT source_id AS key, count(*) AS value FROM source_health h "
        "WHERE week_start <= $week AND week_start > coalesce((SELECT max(week_start) "
        "FROM source_health o WHERE o.source_id = h.source_id AND o.week_start < $week AND o.state "
        "<> (SELECT state FROM source_health n WHERE n.source_id = h.source_id "
        "AND n.week_start = $week)), DATE '1900-01-01') GROUP BY source_id",
        "count",
    ),
    "told_together": Measure(
        "WITH recent AS (SELECT DISTINCT issue_id, voice_key, text_key FROM mentions "
        "WHERE week_start <= $week AND week_start > $week - INTERVAL 8 WEEK) "
        "SELECT one.issue_id || '/' || other.issue_id AS key, count(*) AS value "
        "FROM recent one JOIN recent other USING (voice_key, text_key) GROUP BY ALL",
        "count",
    ),
    "problem_texts": Measure(_PLACED + "SELECT '' AS key, count(*) AS value FROM texts", "count"),
    "unassigned_texts": Measure(
        _PLACED + "SELECT '' AS key, count(*) FILTER (NOT is_placed) AS value FROM texts", "count"
    ),
    "function_rate": Measure(
        _FUNCTIONS + "SELECT key, value FROM rated WHERE week_start = $week", "per_thousand"
    ),
    "function_rate_before": Measure(
        _FUNCTIONS + "SELECT key, value FROM rated WHERE week_start = $week - INTERVAL 1 WEEK",
        "per_thousand",
    ),
    "function_lower": Measure(_usual_of_functions(0.05), "per_thousand"),
    "function_upper": Measure(_usual_of_functions(0.95), "per_thousand"),
    "asks_done": Measure(_asks("count(*) FILTER (status = 'done')"), "count"),
    "asks_total": Measure(_asks("count(*)"), "count"),
    "asks_latest": Measure(_asks("max(overdue_days)"), "count"),
    "ledger_week": Measure(_ledger("received_week = $week"), "count"),
    "ledger_all": Measure(_ledger("received_week <= $week"), "count"),
    "set_aside": Measure(
        "SELECT md5(source_id || chr(31) || scope || chr(31) || reason) AS key, count(*) AS value "
        "FROM rejects WHERE received_week = $week GROUP BY ALL",
        "count",
    ),
    "set_aside_kinds": Measure(
        "SELECT '' AS key, count(DISTINCT (source_id, scope, reason)) AS value FROM rejects "
        "WHERE received_week = $week",
        "count",
    ),
    "restated": Measure(
        "SELECT '' AS key, count(*) AS value FROM restatements WHERE as_of_week = $week", "count"
    ),
}

RULES: dict[str, float] = {
    "shown_weeks": 52,
    "most_set_aside": 40,
    "most_restated": 12,
    "earlier_weeks": 8,
    "range_level": 0.95,
    "interval_level": 0.95,
    "band_weeks": 26,
    "weeks_to_judge": 8,
    "short_weeks": 6,
    "months": 12,
    "rate_base": 1000,
    "expected_ratio": 1,
    "too_early_weeks": 4,
    "driver_weeks": 13,
}
"""Figures of the method that the report names; the same on every page."""
