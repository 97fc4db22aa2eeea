"""What the stage of actions asks of the warehouse: names of issues by week, issues ever known."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from models.action import FixWeek
from voc_pipeline.warehouse import knowledge
from voc_pipeline.warehouse.rebuild import BEFORE_REBUILD, interrupted_rebuild
from voc_pipeline.warehouse.schema import columns
from voc_pipeline.warehouse.store import Warehouse


def named_registers(warehouse: Warehouse, first: date, week: date) -> pl.DataFrame:
    """One row per register week from `first` to `week` and issue: its name, terms and size."""
    return warehouse.query(
        "SELECT register_week, issue_id, label, terms, member_count FROM issues "
        "WHERE register_week BETWEEN ? AND ? ORDER BY register_week, issue_id",
        [first, week],
    )


def registered(warehouse: Warehouse, week: date) -> list[str]:
    """The issues of a week's register."""
    return warehouse.query(
        "SELECT issue_id FROM issues WHERE register_week = ? ORDER BY issue_id", [week]
    )["issue_id"].to_list()


def issues_ever_known(warehouse: Warehouse) -> set[str]:
    """Every issue id that this home has given, also before a rebuild."""
    asked = [
        "SELECT issue_id FROM issues",
        "SELECT issue_id FROM published_figures",
        "SELECT old_issue_id FROM issue_crosswalk",
        "SELECT other_issue_id FROM decisions WHERE other_issue_id IS NOT NULL",
    ]
    if interrupted_rebuild(warehouse):
        asked.append(f"SELECT issue_id FROM {BEFORE_REBUILD}")
    found = warehouse.query(f"SELECT DISTINCT * FROM ({' UNION ALL '.join(asked)}) ORDER BY ALL")
    return set(found["issue_id"]) - {""}


def mentions_of_actions(
    warehouse: Warehouse, week: date, places: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """Current mentions as of a week, and again under each action's id those of its issues.

    Columns `knowledge.COUNTED`.

    Args:
        warehouse: the open warehouse.
        week: Monday of the week.
        places: action id to the issues that hold it now.
    """
    mentions = knowledge.current_mentions(warehouse, week, columns=knowledge.COUNTED)
    own = [
        mentions.filter(pl.col("issue_id").is_in(list(issues))).with_columns(
            issue_id=pl.lit(action_id)
        )
        for action_id, issues in sorted(places.items())
    ]
    return pl.concat([mentions, *own])


def latest_fix_weeks(warehouse: Warehouse, week: date) -> pl.DataFrame:
    """One row per action that took effect and week around it, as last counted by a week."""
    names = ", ".join(columns(FixWeek))
    order = ", ".join(one for one in FixWeek.grain if one != "as_of_week")
    return warehouse.query(
        f"SELECT {names} FROM {FixWeek.table} f WHERE as_of_week = (SELECT max(as_of_week) "
        f"FROM {FixWeek.table} g WHERE g.action_id = f.action_id AND g.as_of_week <= ?) "
        f"ORDER BY {order}",
        [week],
    )
