"""What the page of survey scores calls by name: words with references, and its pictures."""

from collections.abc import Callable
from functools import partial
from typing import Any

from markupsafe import Markup

from models.report import DriverLine, ScoreLine
from voc_pipeline.report import score_words as words
from voc_pipeline.report.page_marks import Marks
from voc_pipeline.report.score_charts import difference_chart, score_chart


def score_marks(marks: Marks) -> dict[str, Callable[..., Any]]:
    """The functions of one report, by name."""
    refs = marks.refs
    told = (
        words.score_ref, words.driver_ref, words.survey_ref, words.value_words, words.score_note,
        words.difference_interval, words.with_without,
    )  # fmt: skip

    def score_picture(line: ScoreLine) -> Markup:
        return score_chart(line, words.chart_title(line, refs), marks.calendar)

    def difference_picture(line: DriverLine, ends: tuple[float, float]) -> Markup:
        return difference_chart(line, ends, words.difference_title(line, refs))

    return {
        **{one.__name__: partial(one, refs=refs) for one in told},
        "scores_line": partial(words.page_one_line, marks.report, refs),
        "drivers_by_survey": partial(words.drivers_by_survey, marks.report),
        "driver_bounds": words.bounds,
        "standing": words.standing,
        "metric_name": words.METRICS.__getitem__,
        "difference_text": words.difference_text,
        "survey_sentence": words.name_of,
        "score_picture": score_picture,
        "difference_picture": difference_picture,
    }
