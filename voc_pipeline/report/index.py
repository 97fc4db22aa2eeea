"""The list of all weeks: one line a report, latest first. Links stay below the index page."""

from collections.abc import Iterable

from models.report import IndexRow
from models.week import week_label
from voc_pipeline.report import wording
from voc_pipeline.report.page import environment


def render_index(rows: Iterable[IndexRow]) -> str:
    """The index page of `reports/`, in any order of rows; escaped, without scripts or requests."""
    ordered = sorted(rows, key=lambda row: row.week_start, reverse=True)
    cleaned = [
        row.model_copy(update={"headline": wording.cleaned(row.headline, wording.SENTENCE_LIMIT)})
        for row in ordered
    ]
    return environment().get_template("index.html.j2").render(rows=cleaned, week_label=week_label)
