"""A finished demo home beside the simulator's truth, for `planted_events`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from models.week import weeks_between
from voc_pipeline.trends.counts import weekly_counts
from voc_pipeline.trends.verdicts import judge_week
from voc_pipeline.warehouse import Warehouse, knowledge

RECENT, BASE = 6, 26


@dataclass(frozen=True)
class Home:
    """What a demo home published, and the truth behind it."""

    path: Path
    is_judged_again: bool = False

    def table(self, sql: str, *parameters: object) -> pl.DataFrame:
        """A query of the analysts' file."""
        with duckdb.connect(str(self.path / "voc.duckdb"), read_only=True) as mart:
            found: pl.DataFrame = mart.sql(sql, params=list(parameters)).pl()
        return found

    def truth(self, name: str) -> pl.DataFrame:
        """A table of the simulator's truth."""
        folder = self.path / "truth"
        folder = folder if folder.is_dir() else self.path / "sources" / "truth"
        return pl.read_parquet(folder / f"{name}.parquet")

    @cached_property
    def mentions(self) -> pl.DataFrame:
        """issue_id, source_id, external_id: once per record and issue."""
        return self.table(
            "SELECT DISTINCT m.issue_id, f.source_id, f.external_id FROM mentions m "
            "JOIN feedback f USING (feedback_id) ORDER BY ALL"
        )

    @cached_property
    def flags(self) -> pl.DataFrame:
        """week_start, issue_id, verdict, is_alarm, and count with range, as published."""
        if self.is_judged_again:
            return judged_again(self.path)
        return self.table(
            "SELECT week_start, issue_id, "
            "any_value(value_text) FILTER (figure = 'verdict') AS verdict, "
            "coalesce(any_value(value) FILTER (figure = 'is_alarm'), 0) > 0 AS is_alarm, "
            "any_value(value) FILTER (figure = 'feedback_count') AS feedback_count, "
            "any_value(value) FILTER (figure = 'lower_bound') AS lower_bound, "
            "any_value(value) FILTER (figure = 'upper_bound') AS upper_bound "
            "FROM published_figures WHERE issue_id <> '' GROUP BY ALL ORDER BY ALL"
        )

    @cached_property
    def issues(self) -> pl.DataFrame:
        """One row per issue with a mention: problem_id (null: none), purity, coverage, births."""
        told = self.mentions.join(
            self.truth("mentions").select("source_id", "external_id", "problem_id"),
            on=["source_id", "external_id"],
            how="left",
        )
        sizes = self.mentions.group_by("issue_id").agg(records=pl.len())
        shares = (
            told.group_by("issue_id", "problem_id")
            .agg(count=pl.len())
            .sort("count", "problem_id", descending=[True, False])
            .group_by("issue_id", maintain_order=True)
            .first()
        )
        whole = self.truth("mentions").group_by("problem_id").agg(whole=pl.len())
        register = self.table("SELECT issue_id, label, state, born_week, function FROM issues")
        return (
            shares.join(sizes, on="issue_id")
            .join(whole, on="problem_id", how="left")
            .join(register, on="issue_id", how="left")
            .with_columns(
                purity=(pl.col("count") / pl.col("records")).round(3),
                coverage=(pl.col("count") / pl.col("whole")).round(3),
            )
            .select(
                "issue_id", "label", "state", "born_week", "function", "problem_id", "records",
                "purity", "coverage",
            )
            .sort("problem_id", "records", descending=[False, True], nulls_last=True)
        )  # fmt: skip

    @cached_property
    def true_ratio(self) -> pl.DataFrame:
        """issue_id, week_start, true_ratio: expected share now over the half year before.

        Of the problems that an issue's mentions truly are about, weighed by their part in it.
        """
        everything = self.truth("feedback").group_by("week_start").agg(everything=pl.len())
        rates = self.truth("rates").join(everything, on="week_start")
        rates = rates.with_columns(
            course=pl.col("expected_count") / pl.col("expected_count").sum().over("problem_id"),
        )
        parts = (
            self.mentions.join(self.truth("mentions"), on=["source_id", "external_id"])
            .group_by("issue_id", "problem_id")
            .agg(part=pl.len())
            .join(rates, on="problem_id")
            .group_by("issue_id", "week_start")
            .agg(rate=(pl.col("part") * pl.col("course") / pl.col("everything")).sum())
            .sort("issue_id", "week_start")
        )
        recent = pl.col("rate").rolling_mean(RECENT, min_samples=1)
        before = pl.col("rate").shift(RECENT).rolling_mean(BASE, min_samples=1)
        return parts.select("issue_id", "week_start", true_ratio=(recent / before).over("issue_id"))


def judged_again(path: Path) -> pl.DataFrame:
    """The flags of every week as the present code judges what was known at its cutoff."""
    known = pl.DataFrame()
    columns = ["week_start", "issue_id", "verdict", "verdict_weeks", "is_alarm", "feedback_count"]
    columns += ["expected_count", "lower_bound", "upper_bound", "p_value", "q_value", "reason"]
    with duckdb.connect(str(path / "warehouse.duckdb"), read_only=True) as connection:
        warehouse = Warehouse(connection, path)
        ends = warehouse.query("SELECT min(received_week) AS a, max(received_week) AS b FROM loads")
        first, last = ends.row(0)
        for week in weeks_between(first, last):
            counts = weekly_counts(
                knowledge.current_mentions(warehouse, week),
                knowledge.weekly_volumes(warehouse, week),
                first_week=first,
                last_week=week,
            )
            register = warehouse.query(
                "SELECT issue_id, first_week FROM issues WHERE register_week = ?", [week]
            )
            judged = judge_week(counts, known, register, week=week).select(columns)
            known = pl.concat([known, judged])
    return known
