"""Survey scores of the week, the issues that go with them, and the registry, as published."""

from datetime import date, timedelta
from statistics import median
from typing import Any

import polars as pl

from models.report import DriverLine, ScoreLine, SurveyLine, WeekSeries
from models.report_scores import Standing
from models.week import ONE_WEEK
from voc_pipeline.report import wording
from voc_pipeline.report.tables import ReportTables

SHOWN_WEEKS = 52
USUAL_WEEKS, LEAST_USUAL_WEEKS = 26, 8
MOST_DRIVERS = 12
DRIVER_LEVEL = 0.05
"""Nominal share of chance findings among the drivers shown."""
_SURVEY = ("source_id", "question", "metric", "scale")
_Row = dict[str, Any]
_Key = tuple[str, ...]


def score_parts(
    tables: ReportTables, labels: dict[str, str], *, week: date
) -> dict[str, tuple[ScoreLine | DriverLine | SurveyLine, ...]]:
    """The report's `scores`, `drivers` and `surveys`; empty where nobody was asked for a score.

    Args:
        tables: with `scores` of each week as published, and the week's drivers and surveys.
        labels: issue id to its name, of the issues in the report.
        week: Monday of the week reported.
    """
    if tables.surveys.is_empty():
        return {"scores": (), "drivers": (), "surveys": ()}
    surveys = tables.surveys.sort(_SURVEY).to_dicts()
    names = _names(surveys)
    return {
        "scores": tuple(_score_lines(tables.scores, names, week)),
        "drivers": tuple(_driver_lines(tables.drivers, names, labels)),
        "surveys": tuple(_survey_line(row, names[_key(row)]) for row in surveys),
    }


def _key(row: _Row) -> _Key:
    return tuple(str(row[one]) for one in _SURVEY)


def _names(surveys: list[_Row]) -> dict[_Key, str]:
    """The source's name; with the question where a source asks several."""
    asked = [row["source_id"] for row in surveys]
    return {
        _key(row): wording.cleaned(
            row["name"]
            if asked.count(row["source_id"]) == 1
            else f"{row['name']}: {row['question'] or row['metric']}"
        )
        for row in surveys
    }


def _score_lines(scores: pl.DataFrame, names: dict[_Key, str], week: date) -> list[ScoreLine]:
    weeks = [week - timedelta(weeks=back) for back in range(SHOWN_WEEKS - 1, -1, -1)]
    whole = scores.filter(pl.col("dimension") == "all")
    by_week = {(_key(row), row["week_start"]): row for row in whole.iter_rows(named=True)}
    lines = []
    for key, name in names.items():
        now = by_week.get((key, week))
        if now is None:
            continue
        shown: list[_Row] = [by_week.get((key, one), {}) for one in weeks]
        before = [one.get("value") for one in shown[-1 - USUAL_WEEKS : -1]]
        usual = _median([value for value in before if value is not None])
        lines.append(
            ScoreLine(
                source_id=now["source_id"],
                survey_name=name,
                question=now["question"],
                metric=now["metric"],
                scale=now["scale"],
                usual=usual,
                standing=_standing(now, usual),
                value=now["value"],
                lower=now["lower_bound"],
                upper=now["upper_bound"],
                response_count=now["response_count"],
                previous=by_week.get((key, week - ONE_WEEK), {}).get("value"),
                series=WeekSeries(
                    first_week=weeks[0],
                    values=tuple(one.get("value") for one in shown),
                    lower=tuple(one.get("lower_bound") for one in shown),
                    upper=tuple(one.get("upper_bound") for one in shown),
                ),
            )
        )
    return lines


def _median(values: list[float]) -> float | None:
    return round(median(values), 6) if len(values) >= LEAST_USUAL_WEEKS else None


def _standing(now: _Row, usual: float | None) -> Standing:
    lower, upper = now["lower_bound"], now["upper_bound"]
    if usual is None or lower is None or upper is None:
        return "not judged"
    if upper < usual:
        return "lower"
    return "higher" if lower > usual else "as usual"


def _driver_lines(
    drivers: pl.DataFrame, names: dict[_Key, str], labels: dict[str, str]
) -> list[DriverLine]:
    """Those beyond chance, the surest first."""
    sure = drivers.filter(
        pl.col("q_value") <= DRIVER_LEVEL, pl.col("issue_id").is_in(sorted(labels))
    ).sort("q_value", "p_value", *_SURVEY, "issue_id")
    return [
        DriverLine(
            source_id=row["source_id"],
            survey_name=names.get(_key(row), row["source_id"]),
            question=row["question"],
            metric=row["metric"],
            scale=row["scale"],
            issue_id=row["issue_id"],
            issue_label=labels[row["issue_id"]],
            difference=row["difference"],
            lower=row["lower_bound"],
            upper=row["upper_bound"],
            with_count=row["with_count"],
            without_count=row["without_count"],
        )
        for row in sure.head(MOST_DRIVERS).iter_rows(named=True)
    ]


def _survey_line(row: _Row, name: str) -> SurveyLine:
    return SurveyLine(
        source_id=row["source_id"],
        name=name,
        owner=wording.cleaned(row["owner"]),
        wording=wording.cleaned(row["question"], 200),
        question=row["question"],
        metric=row["metric"],
        scale=row["scale"],
        response_count=row["response_count"],
        first_week=row["first_week"],
        last_week=row["last_week"],
        week_count=row["week_count"],
    )
