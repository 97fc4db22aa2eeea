"""The register without the members that were erased: its sums forget them, its ids stay."""

import numpy as np
import polars as pl

from voc_pipeline.issues.standing import read_standings, write_issues


def without_members(issues: pl.DataFrame, leaving: pl.DataFrame) -> pl.DataFrame:
    """The rows of the register that lose members: new sum, cohesion and member_count.

    Args:
        issues: register rows (columns of `Issue`) of any weeks.
        leaving: one row per register_week, issue_id and member, with its vector and weight.

    Returns:
        As `issues`, of the issues concerned only, by register week and id.
    """
    lighter = [issues.clear()]
    for (week,), members in sorted(leaving.partition_by("register_week", as_dict=True).items()):
        rows = issues.filter(
            pl.col("register_week") == week,
            pl.col("issue_id").is_in(members["issue_id"].unique().implode()),
        ).sort("issue_id")
        standings = read_standings(rows)
        for one in standings:
            mine = members.filter(pl.col("issue_id") == one.issue_id)
            vectors = np.array(mine["vector"].to_list(), dtype=np.float32)
            one.change(vectors, mine["weight"].to_numpy(), -1)
        model_id = str(rows["model_id"][0])
        sums = write_issues(standings, rows["register_week"][0], model_id).sort("issue_id")
        lighter.append(
            rows.with_columns(sums["member_count"], sums["cohesion"], sums["vector_sum"])
        )
    return pl.concat(lighter)
