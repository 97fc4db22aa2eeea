"""Every figure of the scores, their drivers and the registry, with its reference."""

from collections.abc import Iterator

from models.report import DriverLine, FigureReference, ScoreLine, WeeklyReport
from models.report_figures import FigureUnit
from voc_pipeline.report import score_words as words
from voc_pipeline.report.references import Refs, cell, sentence, text_cell

_ENDS = ("lower", "upper")


def score_figures(report: WeeklyReport, refs: Refs) -> Iterator[FigureReference]:
    """One entry a figure; nothing of a company that asks for no score."""
    for name, text in score_findings(report).items():
        yield sentence(report.week_start, name, text)
    for line in report.scores:
        yield from _of_score(line, refs)
        yield sentence(report.week_start, words.name_of(line), line.survey_name)
    for driver in report.drivers:
        yield from _of_driver(driver, refs)
        yield text_cell(refs.label(driver.issue_id), driver.issue_label)
        yield sentence(report.week_start, words.name_of(driver), driver.survey_name)
    for survey in report.surveys:
        for column in ("response_count", "week_count"):
            yield cell(words.survey_ref(survey, column, refs), getattr(survey, column))
        yield text_cell(words.survey_ref(survey, "owner", refs), survey.owner)
        yield text_cell(words.survey_ref(survey, "question", refs), survey.wording)
        yield text_cell(words.survey_ref(survey, "scale", refs), survey.scale)
        yield sentence(report.week_start, words.name_of(survey), survey.name)


def score_findings(report: WeeklyReport) -> dict[str, str]:
    """The headings that state a finding, by name."""
    return {
        "finding/scores": words.scores_finding(report),
        "finding/drivers": words.drivers_finding(report),
    }


def _of_score(line: ScoreLine, refs: Refs) -> Iterator[FigureReference]:
    unit = words.unit_of(line.metric)
    yield cell(words.score_ref(line, "response_count", refs), line.response_count)
    if line.value is not None:
        yield cell(words.score_ref(line, "value", refs), line.value, unit)
    yield from _ends(line, unit, refs)


def _of_driver(line: DriverLine, refs: Refs) -> Iterator[FigureReference]:
    unit = words.difference_unit(line.metric)
    yield cell(words.driver_ref(line, "difference", refs), line.difference, unit)
    yield from _ends(line, unit, refs)
    for column in ("with_count", "without_count"):
        yield cell(words.driver_ref(line, column, refs), getattr(line, column))


def _ends(line: ScoreLine | DriverLine, unit: FigureUnit, refs: Refs) -> Iterator[FigureReference]:
    for end in _ENDS:
        value = getattr(line, end)
        if value is not None:
            column = f"{end}_bound"
            ref = (
                words.score_ref(line, column, refs)
                if isinstance(line, ScoreLine)
                else words.driver_ref(line, column, refs)
            )
            yield cell(ref, value, unit)
