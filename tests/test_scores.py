"""Scores of weeks and surveys: once per response, in its direction, none without answers."""

from dataclasses import MISSING, fields, replace
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.score import Score
from voc_pipeline.customers.drivers import score_drivers
from voc_pipeline.customers.responses import responses_of
from voc_pipeline.customers.scores import survey_registry, week_scores
from voc_pipeline.report.scores import score_parts
from voc_pipeline.report.tables import ReportTables
from voc_pipeline.warehouse.schema import polars_schema

WEEK = date(2026, 11, 9)
NONE_KNOWN = pl.DataFrame(schema=polars_schema(Score))


def row(number: int, score: float | None, **more) -> dict[str, object]:
    week = more.get("week_start", WEEK)
    return {
        "source_id": "survey", "response_id": f"r{number}", "feedback_id": f"f{number}",
        "question": None, "score_metric": "nps", "score": score, "score_min": 0.0,
        "score_max": 10.0, "occurred_at": datetime(week.year, week.month, week.day, 12),
        "week_start": week, "product": None, "customer_segment": None, "has_words": True, **more,
    }  # fmt: skip


def frame(rows) -> pl.DataFrame:
    texts = ("source_id", "response_id", "feedback_id", "question", "score_metric", "product",
             "customer_segment")  # fmt: skip
    schema = {
        **dict.fromkeys(texts, pl.String),
        **dict.fromkeys(("score", "score_min", "score_max"), pl.Float64),
        "occurred_at": pl.Datetime("us"), "week_start": pl.Date, "has_words": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(list(rows), schema=schema)


def scored(rows, questions=None, known=NONE_KNOWN, weeks=(WEEK,)) -> pl.DataFrame:
    return week_scores(
        responses_of(frame(rows), questions or {}), known, weeks=weeks, week=max(weeks)
    )


def value(metric: str, worst: float, best: float, *answers: float) -> float:
    rows = [
        row(place, answer, score_metric=metric, score_min=worst, score_max=best)
        for place, answer in enumerate(answers)
    ]
    return scored(rows)["value"][0]


def test_nps_is_promoters_less_detractors():
    assert value("nps", 0, 10, 10, 9, 8, 7, 6, 0) == 0.0
    assert value("nps", 0, 10, 10, 9, 9, 7) == 75.0
    assert value("nps", 0, 10, 0, 6) == -100.0
    assert value("nps", 1, 10, 9, 7, 6) == 0.0


def test_csat_is_the_share_of_the_two_best_answers():
    assert value("csat", 1, 5, 5, 4, 3, 1) == 0.5
    assert value("csat", 0, 1, 1, 0, 0, 0) == 0.25
    assert value("csat", 1, 3, 3, 2, 1, 1) == 0.25
    assert value("csat", 0, 100, 90, 89) == 0.5


def test_effort_and_rating_are_means_on_their_own_scale():
    assert value("ces", 1, 7, 7, 4) == 5.5
    assert value("ces", 7, 1, 7, 4) == 5.5
    assert value("rating", 1, 5, 1, 2, 5, 5) == 3.25


def test_where_one_is_best_the_low_answers_are_the_good_ones_and_a_non_answer_is_none():
    """The NHS friends and family scale: 1 is best, 5 worst, 6 'don't know', mapped to no score."""
    rows = [
        row(place, answer, score_metric="csat", score_min=5.0, score_max=1.0)
        for place, answer in enumerate((1, 1, 2, 5, None))
    ]
    found = scored(rows).row(0, named=True)
    assert found["scale"] == "1 to 5, lower is better"
    assert (found["response_count"], found["value"]) == (4, 0.75)
    assert value("nps", 10, 0, 0, 1, 2, 10) == 25.0


def test_a_response_with_several_comments_counts_once():
    rows = [
        row(1, 9, feedback_id="a", question="What went well?"),
        row(1, 9, feedback_id="b", question="What could be better?"),
        row(1, None, feedback_id="c", question="Anything else?"),
        row(2, 3, question="What could be better?"),
    ]
    found = scored(rows, {"survey": "Would you recommend us?"})
    assert found["response_count"].to_list() == [2]
    assert found["question"].to_list() == ["Would you recommend us?"]


def test_a_source_that_scores_each_of_its_questions_is_several_surveys():
    rows = [
        row(
            1, 5, feedback_id="a", question="Staff?", score_metric="csat", score_min=1, score_max=5
        ),
        row(1, 1, feedback_id="b", question="Food?", score_metric="csat", score_min=1, score_max=5),
    ]
    found = scored(rows)
    assert found.select("question", "value").rows() == [("Food?", 0.0), ("Staff?", 1.0)]


def test_a_response_over_two_weeks_counts_in_the_first():
    earlier = WEEK - timedelta(weeks=1)
    rows = [row(1, 9, feedback_id="a", week_start=earlier), row(1, 9, feedback_id="b")]
    found = scored(rows, weeks=(earlier, WEEK))
    assert found.select("week_start", "response_count").rows() == [(earlier, 1), (WEEK, 0)]


def test_without_responses_there_is_no_score_and_not_a_zero():
    assert scored([]).is_empty()
    assert scored([row(1, None)]).is_empty()
    known = scored([row(1, 9), row(2, 0)])
    later = WEEK + timedelta(weeks=1)
    silent = scored([], known=known, weeks=(later,)).row(0, named=True)
    assert silent["response_count"] == 0
    assert silent["value"] is silent["lower_bound"] is silent["upper_bound"] is None


def test_cells_are_parts_of_the_whole_and_those_not_stated_have_no_row():
    rows = [row(1, 9, product="app"), row(2, 2, product="app"), row(3, 10, customer_segment="new")]
    found = scored(rows).select("dimension", "cell", "response_count").rows()
    assert found == [("all", "", 3), ("customer_segment", "new", 1), ("product", "app", 2)]


def test_the_registry_tells_what_a_survey_asks_who_owns_it_and_which_weeks_it_covers():
    later = WEEK + timedelta(weeks=2)
    rows = [row(1, 9), row(2, 8), row(3, 1, week_start=later)]
    weeks = (WEEK, WEEK + timedelta(weeks=1), later)
    found = scored(rows, {"survey": "Recommend?"}, weeks=weeks)
    one = survey_registry(found, {"survey": ("Shop survey", "Insight")}, week=later)
    assert one.drop("as_of_week").rows() == [
        ("survey", "Recommend?", "nps", "0 to 10, higher is better", "Shop survey", "Insight",
         3, WEEK, later, 2)
    ]  # fmt: skip
    assert survey_registry(found, {}, week=later)["name"].to_list() == ["survey"]


def compared(low: int, high: int, *, mirrored: bool = False):
    """40 responses, of which 20 mention an issue and score `low`, the others `high`."""
    ends = {"score_min": 10.0, "score_max": 0.0} if mirrored else {}
    rows = [
        row(place, low if place < 20 else high, score_metric="rating", **ends)
        for place in range(40)
    ]
    mentions = pl.DataFrame(
        [("survey", f"r{place}", "ISS-0001") for place in range(20)] * 2,
        schema=["source_id", "response_id", "issue_id"],
        orient="row",
    )
    found = score_drivers(responses_of(frame(rows), {}), mentions, week=WEEK)
    return found.row(0, named=True)


def test_a_driver_has_the_sign_of_its_difference_and_mirrors():
    lower, higher = compared(3, 7), compared(7, 3)
    assert (lower["with_count"], lower["without_count"]) == (20, 20)
    assert (lower["score_with"], lower["score_without"]) == (3.0, 7.0)
    assert lower["difference"] == -4.0 == -higher["difference"]
    assert lower["lower_bound"] == pytest.approx(-higher["upper_bound"], abs=1e-4)
    assert lower["upper_bound"] == pytest.approx(-higher["lower_bound"], abs=1e-4)
    assert lower["upper_bound"] < 0 < higher["lower_bound"]
    assert lower["p_value"] == pytest.approx(higher["p_value"])
    assert lower["q_value"] < 0.001
    same = compared(5, 5)
    assert (same["difference"], same["p_value"], same["q_value"]) == (0.0, 1.0, 1.0)
    assert compared(3, 7, mirrored=True)["difference"] == -4.0


def test_few_mentions_and_responses_without_words_say_nothing():
    mentions = pl.DataFrame(
        [("survey", f"r{place}", "ISS-0001") for place in range(10)],
        schema=["source_id", "response_id", "issue_id"],
        orient="row",
    )
    rows = [row(place, place % 11, has_words=place < 19) for place in range(60)]
    assert score_drivers(responses_of(frame(rows), {}), mentions, week=WEEK).is_empty()
    rows = [row(place, place % 11, has_words=place < 20) for place in range(60)]
    found = score_drivers(responses_of(frame(rows), {}), mentions, week=WEEK)
    assert found.select("with_count", "without_count").rows() == [(10, 10)]
    later = WEEK + timedelta(weeks=13)
    assert score_drivers(responses_of(frame(rows), {}), mentions, week=later).is_empty()


def test_the_report_holds_the_scores_as_published_the_sure_drivers_and_the_registry():
    earlier = WEEK - timedelta(weeks=1)
    rows = [row(place, 3 if place < 20 else 8) for place in range(40)]
    rows += [row(place, 9, week_start=earlier) for place in range(40, 45)]
    answers = responses_of(frame(rows), {"survey": "Recommend?"})
    before = week_scores(answers, NONE_KNOWN, weeks=(earlier,), week=earlier)
    now = week_scores(answers, before, weeks=(WEEK,), week=WEEK)
    told = pl.DataFrame(
        {
            "source_id": ["survey"] * 40,
            "response_id": [f"r{place}" for place in range(20)] * 2,
            "issue_id": ["ISS-0001"] * 20 + ["ISS-0002"] * 20,
        }
    )
    scores = pl.concat([before, now])
    tables = replace(
        tables_of_a_week(),
        scores=scores,
        drivers=score_drivers(answers, told, week=WEEK),
        surveys=survey_registry(scores, {"survey": ("<b>Shop</b>", "Insight")}, week=WEEK),
    )
    found = score_parts(tables, {"ISS-0001": "Charged twice"}, week=WEEK)
    (score,) = found["scores"]
    assert (score.value, score.previous, score.response_count) == (-50.0, 100.0, 40)
    assert score.series.values[-3:] == (None, 100.0, -50.0)
    (driver,) = found["drivers"]
    assert (driver.issue_label, driver.with_count, driver.without_count) == (
        "Charged twice",
        20,
        25,
    )
    assert driver.upper < 0
    (survey,) = found["surveys"]
    assert (survey.owner, survey.wording, survey.week_count) == ("Insight", "Recommend?", 2)
    assert score_parts(tables_of_a_week(), {}, week=WEEK)["scores"] == ()


def tables_of_a_week() -> ReportTables:
    empty = pl.DataFrame()
    needed = [one.name for one in fields(ReportTables) if one.default_factory is MISSING]
    return ReportTables(**dict.fromkeys(needed, empty))


@settings(max_examples=25, deadline=None)
@given(
    answers=st.lists(
        st.tuples(st.integers(0, 10), st.sampled_from(["app", "shop", None])), max_size=30
    ),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_nothing(answers, order):
    rows = [row(place, score, product=cell) for place, (score, cell) in enumerate(answers)]
    mixed = rows.copy()
    order.shuffle(mixed)
    first, second = scored(rows), scored(mixed)
    assert first.equals(second)
    inside = (first["lower_bound"] <= first["value"]) & (first["value"] <= first["upper_bound"])
    assert inside.all()
    assert (first["upper_bound"] <= 100).all()
    assert (first["lower_bound"] >= -100).all()
