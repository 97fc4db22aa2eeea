"""Reports of particular weeks, for tests: with actions and their fixes, quiet, early."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
from report_score_tables import score_tables
from report_tables import (
    FIGURE_SCHEMA,
    WEEK,
    empty,
    figure_rows,
    issue_figures,
    issue_rows,
    notice_rows,
    tables,
)

from voc_pipeline.report import ReportTables


def acted(full: ReportTables | None = None) -> ReportTables:
    """The same week with a register of actions, fixes, hand-offs, a placement and surveys."""
    now = pl.DataFrame([_action(*one) for one in _ACTIONS], infer_schema_length=None)
    before = now.with_columns(
        as_of_week=pl.lit(WEEK - timedelta(weeks=1)),
        status=pl.lit("open"),
        due_on=pl.col("first_due_on"),
    ).filter(pl.col("asked_week") < WEEK)
    fixes = [
        _fix("ACT-0004", "ISS-0006", 9, "worked"),
        _fix("ACT-0005", "ISS-0007", 2, "too_early"),
    ]
    shared = [
        ("ISS-0012", "ISS-0001", 21),
        ("ISS-0012", "ISS-0012", 140),
        ("ISS-0001", "ISS-0012", 21),
        ("ISS-0001", "ISS-0001", 600),
    ]
    return replace(
        full or tables(),
        actions=now,
        previous_actions=before,
        fix_verdicts=pl.DataFrame(fixes, infer_schema_length=None),
        settled=pl.DataFrame(
            [
                _fix("ACT-0003", "ISS-0010", 30, "not_shown")
                | {"as_of_week": WEEK - timedelta(weeks=14), "change": -0.08}
            ]
        ),
        fix_weeks=pl.DataFrame([row for one in fixes for row in _fix_weeks(one)]),
        shared=pl.DataFrame(
            shared, schema=["issue_id", "other_issue_id", "feedback_count"], orient="row"
        ),
        placement=pl.DataFrame({"problem_count": [640], "unassigned_count": [71]}),
        notices=notice_rows(),
        **score_tables(WEEK),
    )


_ACTIONS = (
    ("ACT-0001", "ISS-0001", "Refund duplicates automatically, before customers ask?", "billing",
     "M. Okafor", "open", -3),
    ("ACT-0002", "ISS-0012", "Second shift for the phone queue", "care", "S. Whitlock", "open", 12),
    ("ACT-0003", "ISS-0015", "Name an owner for offer wording", "care", "A. Ferrante", "dropped",
     -2),
    ("ACT-0004", "ISS-0006", "Search ranks by what is in stock", "digital", "P. Nair", "done", 0),
    ("ACT-0005", "ISS-0007", "Flat number is optional", "digital", "P. Nair", "done", -9),
)  # fmt: skip


def _action(action_id: str, issue_id: str, decision: str, *more: Any) -> dict[str, Any]:
    function, owner, status, due = more
    asked = WEEK - timedelta(weeks=3)
    end = WEEK + timedelta(days=6)
    late = max(-due, 0) if status == "open" else 0
    return {
        "as_of_week": WEEK, "action_id": action_id, "issue_id": issue_id, "about": None,
        "current_issue_id": issue_id, "further_issue_ids": [], "decision": decision,
        "function": function, "owner": owner, "status": status, "asked_on": asked,
        "asked_week": asked, "asked_by": "CCO", "asked_why": "It rose.",
        "first_due_on": end + timedelta(days=due), "due_on": end + timedelta(days=due),
        "moved_count": 0, "closed_on": WEEK if status != "open" else None,
        "took_effect_on": asked if status == "done" else None, "is_overdue": late > 0,
        "overdue_days": late, "changed_on": WEEK,
        "changed_week": WEEK if status != "open" else asked,
        "changed_by": "CCO", "changed_why": "As agreed on 9 November.",
    }  # fmt: skip


def _fix(action_id: str, issue_id: str, weeks: int, verdict: str) -> dict[str, Any]:
    effect = WEEK - timedelta(weeks=weeks)
    return {
        "as_of_week": WEEK, "action_id": action_id, "issue_id": issue_id,
        "took_effect_on": effect, "first_after_week": effect + timedelta(weeks=1),
        "weeks_since": weeks, "observed_count": 210, "change": -0.531, "change_lower": -0.62,
        "change_upper": -0.41, "smallest_visible_fall": 0.248, "verdict": verdict,
        "reason": "210 reports against 448 expected",
    }  # fmt: skip


def _fix_weeks(fix: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for back in range(25, -1, -1):
        week = WEEK - timedelta(weeks=back)
        period = "after" if week >= fix["first_after_week"] else "before"
        rows.append(
            {"as_of_week": WEEK, "action_id": fix["action_id"], "week_start": week,
             "period": period, "feedback_count": 40 - back % 7 - (15 if period == "after" else 0),
             "expected_count": 38.4, "lower_bound": 24.0, "upper_bound": 55.0}
        )  # fmt: skip
    return rows


def quiet(full: ReportTables) -> ReportTables:
    """The same history with a last week in which every issue did as expected."""
    rows: list[dict[str, Any]] = []
    for place in range(16):
        rows += figure_rows(WEEK, f"ISS-{place + 1:04d}", **issue_figures(20))
    kept = full.figures.filter((pl.col("week_start") < WEEK) | (pl.col("issue_id") == ""))
    return replace(
        full,
        figures=pl.concat([kept, pl.DataFrame(rows, schema=FIGURE_SCHEMA)]),
        places=full.places.clear(),
        patterns=full.patterns.clear(),
        new_terms=full.new_terms.clear(),
    )


def early(weeks: int) -> ReportTables:
    """The first `weeks` weeks of a history: no issue has a range, nothing is back-tested."""
    rows: list[dict[str, Any]] = []
    for back in range(weeks):
        week = WEEK - timedelta(weeks=back)
        rows += figure_rows(week, "", feedback_count=120, problem_count=40, negative_share=0.3)
        if weeks > 1:
            for place in range(3):
                rows += figure_rows(week, f"ISS-{place + 1:04d}", **issue_figures(9, None))
    return empty(figures=pl.DataFrame(rows, schema=FIGURE_SCHEMA), issues=issue_rows(3))
