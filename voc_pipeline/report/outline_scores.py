"""Survey scores, the issues that go with them, and the registry in the printed report."""

from models.report import DriverLine, ScoreLine
from voc_pipeline.report import score_words as words
from voc_pipeline.report import wording
from voc_pipeline.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Page,
    Panels,
    Row,
    Run,
    Table,
    Text,
    cell,
    drawn,
    plain,
)
from voc_pipeline.report.outline_parts import View, nobody, numbers, sign
from voc_pipeline.report.score_charts import difference_chart, score_chart

_HOW = (
    "Each score with its 95% interval shaded, over 52 weeks; dashed: the middle of the 26 weeks "
    "before. A score is called lower or higher if its whole interval lies below or above that; "
    "one in twenty would by chance."
)
_TOGETHER = (
    "Scores of the responses that mention the issue, less those of the responses that do not, "
    "over the latest 13 weeks. They go together; that is no proof that one causes the other. Who "
    "names a problem tends to give less anyway, so compare the issues with one another."
)


def scores_page(view: View) -> Page:
    """Each survey's score and its drivers; nothing for a company that asks for no score."""
    report = view.report
    if not report.surveys:
        return ()
    blocks: list[Block] = [
        Heading(level=2, look="part", text=view.sentence("finding/scores")),
        Text(role="small", runs=plain(_HOW, "mute")),
    ]
    if report.scores:
        blocks += [
            Panels(panels=tuple(_panel(view, one) for one in report.scores)),
            Heading(level=3, look="section", text=view.sentence("finding/drivers")),
        ]
    if report.drivers:
        blocks += [Text(role="small", runs=plain(_TOGETHER, "mute")), _drivers(view)]
    return tuple(blocks)


def scores_line(view: View) -> list[Block]:
    """The scores in one line of page one; nothing without any."""
    told = words.page_one_line(view.report, view.marks.refs)
    if not told:
        return []
    runs = (Run(text="Survey scores. ", style="strong"), Run(text=told, style="mute"))
    return [Text(role="small", runs=runs)]


def registry(view: View) -> list[Block]:
    """Every survey that asks for a score; nothing without any."""
    if not view.report.surveys:
        return []
    rows = [
        Row(
            cells=(
                cell(one.name),
                cell(words.METRICS[one.metric]),
                cell(one.wording) if one.wording else cell("not stated", "mute"),
                cell(one.scale),
                Cell(runs=nobody(one.owner)),
                cell(wording.grouped(one.response_count)),
                cell(wording.grouped(one.week_count)),
                cell(
                    f"{view.calendar.day(one.first_week)} to {view.calendar.day(one.last_week)}"
                    if one.first_week and one.last_week
                    else "no response yet"
                ),
            )
        )
        for one in view.report.surveys
    ]
    columns = (
        Column(name="Survey", width=78),
        Column(name="Score", width=34),
        Column(name="Question"),
        Column(name="Scale", width=78),
        Column(name="Owner", width=66),
        numbers("Responses", 44),
        numbers("Weeks", 32),
        Column(name="From, to the week of", width=86),
    )
    heading = "Every survey that asks customers for a score"
    return [
        Heading(level=3, look="section", text=heading),
        Table(columns=columns, rows=tuple(rows)),
    ]


def _panel(view: View, line: ScoreLine) -> Page:
    refs = view.marks.refs
    name = Run(text=words.METRICS[line.metric], style="mute")
    value = Run(text=words.value_words(line, refs), style="strong")
    note = Run(text=f"  {words.score_note(line, refs)}  ", style="mute")
    chart = score_chart(line, words.chart_title(line, refs), view.calendar)
    return (
        Heading(level=3, look="section", text=f"{line.survey_name} ", aside=(name,)),
        Text(runs=(value, note, sign(words.standing(line)))),
        Figure(chart=drawn(chart)),
    )


def _drivers(view: View) -> Table:
    rows: list[Row] = []
    for name, lines in words.drivers_by_survey(view.report):
        told = f"{name}, in percentage points" if lines[0].metric == "csat" else name
        rows.append(Row(is_group=True, cells=(cell(told, "strong"),)))
        rows += [_driver(view, one, words.bounds(lines)) for one in lines]
    columns = (
        Column(name="Issue"),
        Column(name="Difference and interval", width=118),
        numbers("Difference", 52),
        numbers("95% interval", 76),
        numbers("With / without it", 76),
    )
    return Table(columns=columns, rows=tuple(rows))


def _driver(view: View, line: DriverLine, ends: tuple[float, float]) -> Row:
    refs = view.marks.refs
    chart = difference_chart(line, ends, words.difference_title(line, refs))
    return Row(
        cells=(
            cell(line.issue_label),
            Cell(chart=drawn(chart)),
            cell(words.difference_text(line.metric, line.difference), "strong"),
            cell(words.difference_interval(line, refs)),
            cell(words.with_without(line, refs)),
        )
    )
