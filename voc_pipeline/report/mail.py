"""Page one as a letter: an e-mail's HTML with its styles inside, and the same words as plain text.

Programs that read mail know tables and little else: no picture, no style sheet, no colour by
name. The whole report goes with the letter as a PDF, which the delivery attaches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import fill

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.report import WeeklyReport
from voc_pipeline.report import wording
from voc_pipeline.report.blocks import (
    Block,
    Cards,
    Heading,
    Keys,
    Lines,
    Masthead,
    Notices,
    Runs,
    Table,
    Text,
)
from voc_pipeline.report.outline import LANGUAGE
from voc_pipeline.report.outline_one import data_part, function_part, page_one

SUBJECT_LIMIT = 140
_WIDTH = 76


@dataclass(frozen=True)
class Letter:
    """One e-mail, before anybody is named to get it."""

    subject: str
    html: str
    text: str


def write_letter(report: WeeklyReport, function_ids: Sequence[str] = ()) -> Letter:
    """Page one of a report as a letter, and the notices on the week's data.

    Args:
        report: the week's report.
        function_ids: functions that the reader answers for; all their issues come with it.
    """
    parts = (block for one in function_ids for block in function_part(report, one))
    blocks = (*page_one(report), *parts, *data_part(report))
    subject = wording.cleaned(
        f"{report.week_label}: {report.headline} ({report.company_name})", SUBJECT_LIMIT
    )
    page = _environment().get_template("mail.html.j2")
    styled = page.render(blocks=blocks, subject=subject, language=LANGUAGE)
    return Letter(
        subject=subject,
        html=_inliner().inline(styled),
        text="\n\n".join(part for block in blocks if (part := _plain(block))) + "\n",
    )


def write_chat(report: WeeklyReport) -> tuple[str, ...]:
    """The conclusion, the key figures and what to look at first, for a chat room: plain lines."""
    lines: list[str] = []
    for block in page_one(report):
        if isinstance(block, Notices):
            lines += [f"{one.mark} {one.text}" for one in block.notices]
        elif isinstance(block, Keys):
            lines += [f"{one.name}: {one.value} ({one.note})" for one in block.keys]
        elif isinstance(block, Cards):
            for card in block.cards:
                asked = " ".join(_joined(one) for one in card.asks)
                count = f"{card.count} {card.count_note}"
                lines.append(f"{_joined(card.tag)}: {card.title}: {count}. {asked}")
        elif block.kind == "masthead":
            lines.append(f"{block.brand} · {block.when} · {block.company} {block.badge}".strip())
        elif block.kind == "heading" and block.level == 1:
            lines.append(block.text)
        elif block.kind == "text" and block.role == "lede":
            lines.append(_joined(block.runs))
    return tuple(lines)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(shown_columns=shown_columns, is_number=_is_number)
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False
    )


def shown_columns(table: Table) -> list[int]:
    """Places of the columns that have words: a letter shows no drawing."""
    return [
        place
        for place in range(len(table.columns))
        if any(row.cells[place].runs or row.cells[place].spoken for row in table.rows)
    ]


def _is_number(table: Table, place: int) -> bool:
    return table.columns[place].is_number or any(row.cells[place].spoken for row in table.rows)


def _plain(block: Block) -> str:
    return "\n".join(_lines(block))


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Masthead):
        yield f"{block.brand} · {block.when}"
        yield f"{block.company} [{block.badge}]" if block.badge else block.company
    elif isinstance(block, Heading):
        yield _wrapped(block.text if block.level == 1 else block.text.upper())
    elif isinstance(block, Text):
        yield _wrapped(_joined(block.runs))
    elif isinstance(block, Notices):
        yield from (_wrapped(f"{one.mark} {one.text}") for one in block.notices)
    elif isinstance(block, Keys):
        yield from (f"{one.name}: {one.value} ({one.note})" for one in block.keys)
    elif isinstance(block, Cards):
        yield "\n\n".join(_plain_cards(block))
    elif isinstance(block, Table):
        yield from _plain_rows(block)
    elif isinstance(block, Lines):
        yield from (_wrapped(_joined(line), "- ") for line in block.lines)


def _plain_cards(block: Cards) -> Iterator[str]:
    for card in block.cards:
        lines = [
            f"{_joined(card.tag)}",
            card.title,
            f"{card.count} {card.count_note}",
            *card.texts,
            *(_joined(asked) for asked in card.asks),
        ]
        yield "\n".join(_wrapped(line, "  ") for line in lines)


def _plain_rows(table: Table) -> Iterator[str]:
    first, *others = shown_columns(table) or [0]
    for row in table.rows:
        said = []
        for place in others:
            cell = row.cells[place]
            text = cell.spoken or _joined(cell.runs)
            said.append(f"{table.columns[place].name.lower()} {text}")
            if cell.below:
                said.append(cell.below)
        yield _wrapped(f"{_joined(row.cells[first].runs)}: {'; '.join(said)}", "- ")


def _joined(runs: Runs) -> str:
    return "".join(one.text for one in runs)


def _wrapped(text: str, start: str = "") -> str:
    return fill(
        text, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
