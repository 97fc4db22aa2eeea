"""How survey scores, what goes with them, and the registry read in words, with their references.

A score is as it was published with its week: the row of `scores` whose as-of week is the week
itself. Later answers make later rows, never another figure here.
"""

from models.report import DriverLine, ScoreLine, SurveyLine, WeeklyReport
from models.report_figures import FigureUnit
from models.report_scores import Metric
from voc_pipeline.report import wording
from voc_pipeline.report.phrases import Status
from voc_pipeline.report.references import RULE, SENTENCE, Refs, Said, reference, said

METRICS: dict[Metric, str] = {"nps": "NPS", "csat": "CSAT", "ces": "CES", "rating": "Rating"}
MOST_ON_PAGE_ONE = 3
LEAST_ON_PAGE_ONE = 5
"""Responses of the week; a score of fewer stands on its own page only."""
_UNITS: dict[Metric, tuple[FigureUnit, FigureUnit]] = {
    "nps": ("count", "points"),
    "csat": ("share", "share_points"),
    "ces": ("mean", "mean_points"),
    "rating": ("mean", "mean_points"),
}
_STANDINGS = {
    "lower": Status("▽", "Lower than usual", "bad"),
    "higher": Status("△", "Higher than usual", "good"),
    "as usual": Status(wording.DASH, "As usual", "quiet"),
    "not judged": Status("○", "Too new to judge", "quiet"),
}
_EFFORT = {
    "lower": Status("▽", "Lower than usual", "warn"),
    "higher": Status("△", "Higher than usual", "warn"),
}
"""Of a CES each company says itself which end is good."""


def unit_of(metric: Metric) -> FigureUnit:
    """How a score of this kind is written."""
    return _UNITS[metric][0]


def difference_unit(metric: Metric) -> FigureUnit:
    """How a difference of two such scores is written."""
    return _UNITS[metric][1]


def score_text(metric: Metric, value: float) -> str:
    """A score as printed: `16`, `30%`, `2.87`."""
    if metric == "nps":
        return wording.grouped(value)
    return wording.percent(value, 0) if metric == "csat" else wording.mean(value)


def difference_text(metric: Metric, value: float) -> str:
    """A difference of scores as printed: `+39`, `+0.25`; of shares in points."""
    if metric in ("ces", "rating"):
        return wording.mean(value, is_signed=True)
    return wording.signed(value if metric == "nps" else 100 * value)


def score_ref(line: ScoreLine, column: str, refs: Refs) -> str:
    """A cell of scores, as published with the week."""
    survey = (line.source_id, line.question, line.metric, line.scale)
    return reference("scores", refs.week, refs.week, *survey, "all", "", column)


def driver_ref(line: DriverLine, column: str, refs: Refs) -> str:
    """A cell of score_drivers."""
    survey = (line.source_id, line.question, line.metric, line.scale)
    return reference("score_drivers", refs.week, *survey, line.issue_id, column)


def survey_ref(line: SurveyLine, column: str, refs: Refs) -> str:
    """A cell of surveys."""
    survey = (line.source_id, line.question, line.metric, line.scale)
    return reference("surveys", refs.week, *survey, column)


def name_of(line: ScoreLine | DriverLine | SurveyLine) -> str:
    """Under which a survey's printed name is stored among the report's sentences."""
    return "/".join(("survey", line.source_id, line.question, line.metric, line.scale))


def survey_name(line: ScoreLine, refs: Refs) -> Said:
    """A survey as printed."""
    return Said(line.survey_name, reference(SENTENCE, refs.week, name_of(line)))


def standing(line: ScoreLine) -> Status:
    """How a score stands against the weeks before it."""
    if line.metric == "ces" and line.standing in _EFFORT:
        return _EFFORT[line.standing]
    return _STANDINGS[line.standing]


def value_words(line: ScoreLine, refs: Refs) -> Said:
    """The score; a dash without responses."""
    if line.value is None:
        return Said(wording.DASH)
    return Said(score_text(line.metric, line.value), score_ref(line, "value", refs))


def interval_words(line: ScoreLine, refs: Refs) -> Said:
    """`2 to 32`; nothing without responses."""
    if line.lower is None or line.upper is None:
        return Said("")
    ends = (score_text(line.metric, end) for end in (line.lower, line.upper))
    columns = ("lower_bound", "upper_bound")
    return Said(" to ".join(ends), *(score_ref(line, one, refs) for one in columns))


def score_note(line: ScoreLine, refs: Refs) -> Said:
    """What stands under a score: its interval and how many answered."""
    answered = Said(
        wording.counted(line.response_count, "response", "responses"),
        score_ref(line, "response_count", refs),
    )
    if line.lower is None or line.upper is None:
        return answered
    level = Said("95%", reference(RULE, "interval_level"))
    return said(level, " interval ", interval_words(line, refs), "; ", answered)


def chart_title(line: ScoreLine, refs: Refs) -> Said:
    """What the picture of a score shows."""
    if line.value is None:
        ref = score_ref(line, "response_count", refs)
        answered = Said(wording.counted(line.response_count, "response", "responses"), ref)
        by_week = f": {METRICS[line.metric]} by week, "
        return said(survey_name(line, refs), by_week, answered, " this week.")
    return said(
        survey_name(line, refs),
        f": {METRICS[line.metric]} by week, now ",
        value_words(line, refs),
        ", interval ",
        interval_words(line, refs) or "unknown",
        ".",
    )


def difference_title(line: DriverLine, refs: Refs) -> Said:
    """What the picture of a difference shows."""
    return said(
        "Difference ",
        Said(difference_text(line.metric, line.difference), driver_ref(line, "difference", refs)),
        ", interval ",
        difference_interval(line, refs),
        ".",
    )


def difference_interval(line: DriverLine, refs: Refs) -> Said:
    """`+23 to +52`."""
    ends = (difference_text(line.metric, end) for end in (line.lower, line.upper))
    columns = ("lower_bound", "upper_bound")
    return Said(" to ".join(ends), *(driver_ref(line, one, refs) for one in columns))


def with_without(line: DriverLine, refs: Refs) -> Said:
    """`110 / 512`: responses that mention the issue, and those that do not."""
    columns = ("with_count", "without_count")
    counts = " / ".join(wording.grouped(getattr(line, one)) for one in columns)
    return Said(counts, *(driver_ref(line, one, refs) for one in columns))


def scores_finding(report: WeeklyReport) -> str:
    """The heading over the scores: which stand apart from the weeks before."""
    parts = []
    for name in ("lower", "higher"):
        count = sum(one.standing == name for one in report.scores)
        if count:
            verb = "is" if count == 1 else "are"
            parts.append(f"{wording.number_word(count)} {verb} {name} than usual")
    if parts:
        return f"Of the survey scores, {wording.listed(parts)}"
    if not report.scores:
        return "Nobody answered a survey this week"
    if all(one.standing == "not judged" for one in report.scores):
        return "Survey scores: too early to say what is usual"
    return "Survey scores: each within what is usual for it"


def drivers_finding(report: WeeklyReport) -> str:
    """The heading over the issues that go with scores."""
    if not report.drivers:
        return "No issue goes with higher or lower scores beyond chance"
    signs = {one.difference < 0 for one in report.drivers}
    word = "lower or higher" if len(signs) > 1 else "lower" if True in signs else "higher"
    return f"The issues that go most surely with {word} scores"


def page_one_line(report: WeeklyReport, refs: Refs) -> Said:
    """The scores in one line, those that stand apart first; empty without any."""
    known = [one for one in report.scores if one.response_count >= LEAST_ON_PAGE_ONE]
    known.sort(key=lambda one: one.standing not in ("lower", "higher"))
    pieces: list[str] = []
    for line in known[:MOST_ON_PAGE_ONE]:
        status = f", {standing(line).word.lower()}" if line.standing in ("lower", "higher") else ""
        pieces += [
            "; " if pieces else "",
            survey_name(line, refs),
            f" {METRICS[line.metric]} ",
            value_words(line, refs),
            " (",
            interval_words(line, refs),
            f"){status}",
        ]
    if len(known) > MOST_ON_PAGE_ONE:
        pieces.append(f"; and {wording.number_word(len(known) - MOST_ON_PAGE_ONE)} more")
    return said(*pieces, "." if pieces else "")


def drivers_by_survey(report: WeeklyReport) -> list[tuple[str, list[DriverLine]]]:
    """The drivers of each survey under its name, the survey with the surest first."""
    groups: dict[str, list[DriverLine]] = {}
    for one in report.drivers:
        groups.setdefault(f"{one.survey_name}, {METRICS[one.metric]}", []).append(one)
    return list(groups.items())


def bounds(lines: list[DriverLine]) -> tuple[float, float]:
    """The ends of the scale on which the differences of one survey are drawn."""
    return min(0.0, *(one.lower for one in lines)), max(0.0, *(one.upper for one in lines))
