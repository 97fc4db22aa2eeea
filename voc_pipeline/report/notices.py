"""What was wrong or new with the data of the week: at the top of page one, and every notice.

The notices themselves are the trends' (models.quality), published with the week; here they are
put in words with the references of their figures, and told what a reader should make of them.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from models.report import DataNoticeLine, SourceLine, WeeklyReport
from models.settings import Settings
from voc_pipeline.report import wording
from voc_pipeline.report.issue_parts import DIMENSION_WORDS
from voc_pipeline.report.references import RULE, Refs, Said, reference, said
from voc_pipeline.report.trust import MISSING, ODD, UNKNOWN, source_names

TABLE = "data_notices"
_NOT_FEWER = "Fewer reports from there are not fewer problems."
WORDS = {
    "FAILED": "Could not be read",
    "SILENT": "Silent",
    "QUIET": "Far less than usual",
    "VOLUME_SHIFT": "Far more, and changed",
    "VOLUME_JUMP": "Far more of the same",
    "DUPLICATE_STORM": "One text many times",
    "COVERAGE_CHANGE": "Heard for the first time",
    "PROVISIONAL": "Not all in yet",
    "LATE_RECORDS": "Came late",
}
"""What each verdict is called, in the order in which they stand."""
MEANINGS = {
    "FAILED": _NOT_FEWER,
    "SILENT": _NOT_FEWER,
    "QUIET": _NOT_FEWER,
    "VOLUME_SHIFT": "What they tell of changed too: something may be behind it.",
    "VOLUME_JUMP": "What they tell of is as before: more was heard, not more happened.",
    "DUPLICATE_STORM": "Each sender counts once, however often the text came.",
    "COVERAGE_CHANGE": "It is new to us, and need not be new to customers.",
    "PROVISIONAL": "Counts that rest on it are low for now; each correction will be listed.",
    "LATE_RECORDS": "They count in the weeks they are about; what changed there is listed below.",
}
"""What to make of each."""
LOST = ("FAILED", "SILENT", "QUIET")
_EXPLAINS_MORE = ("VOLUME_SHIFT", "VOLUME_JUMP", "DUPLICATE_STORM", "LATE_RECORDS")
MOST_NAMED = 1
"""Kinds of notices named at the foot of page one; all stand on the trust page."""


def data_notices(found: pl.DataFrame, settings: Settings) -> list[DataNoticeLine]:
    """Every notice of the week: what is missing first, then what is more, then what is late."""
    if found.is_empty():
        return []
    names, owners = source_names(settings), source_owners(settings)
    order = list(WORDS)
    lines = [
        DataNoticeLine(
            verdict=row["verdict"],
            source_id=row["source_id"],
            source_name=names.get(row["source_id"], wording.cleaned(row["source_id"])),
            owner=owners.get(row["source_id"], ""),
            dimension=row["dimension"],
            cell=wording.cleaned(row["cell"]),
            key=row["cell"] or "",
            observed_count=row["observed_count"],
            expected_count=row["expected_count"],
        )
        for row in found.to_dicts()
    ]
    return sorted(
        lines, key=lambda one: (order.index(one.verdict), one.source_id, one.dimension, one.key)
    )


def source_owners(settings: Settings) -> dict[str, str]:
    """Who answers for each configured source; empty where nobody is named."""
    return {one.id: wording.cleaned(one.owner) for one in settings.sources}


def notice_ref(line: DataNoticeLine, column: str, refs: Refs) -> str:
    """A cell of data_notices."""
    key = (refs.week, line.verdict, line.source_id, line.dimension, line.key)
    return reference(TABLE, *key, column)


def seen(line: DataNoticeLine, refs: Refs) -> Said:
    """What was seen, with its numbers."""
    name = Said(line.source_name, refs.source(line.source_id, "name"))
    ref = notice_ref(line, "observed_count", refs)

    def number(one: str, many: str) -> Said:
        return Said(wording.counted(round(line.observed_count), one, many), ref)

    usual = _usual(line.expected_count, notice_ref(line, "expected_count", refs))
    told: dict[str, list[str]] = {
        "FAILED": [name, " could not be read", *usual],
        "SILENT": [name, " sent nothing", *usual],
        "DUPLICATE_STORM": [
            "One text came ", number("time", "times"), " in ", name, *_most(line, refs)
        ],
        "LATE_RECORDS": [
            name, " brought ", number("record", "records"), " of earlier weeks", *usual
        ],
        "PROVISIONAL": [
            "About ", number("record of this week is", "records of this week are"),
            " still to come from ", name,
        ],
        "COVERAGE_CHANGE": [
            *_new(line, name, refs), number("piece", "pieces"), " of feedback this week"
        ],
    }  # fmt: skip
    return said(*told.get(line.verdict, [name, " sent ", number("record", "records"), *usual]), ".")


def _new(line: DataNoticeLine, name: Said, refs: Refs) -> list[str]:
    if line.dimension == "source_id":
        return [name, " is new: "]
    cell = Said(f"“{line.cell}”", notice_ref(line, "cell", refs))
    return [wording.capital(_dimension(line)), " ", cell, " is new in ", name, ": "]


def _dimension(line: DataNoticeLine) -> str:
    names: Mapping[str, str] = dict(DIMENSION_WORDS)
    return names.get(line.dimension) or wording.cleaned(line.dimension.replace("_", " "))


def _usual(expected: float | None, ref: str) -> list[str]:
    """`, where 84 are usual`; nothing where nothing can be said."""
    if expected is None:
        return []
    if round(expected) == 0:
        return [", where hardly any are usual"]
    verb = "is" if round(expected) == 1 else "are"
    return [", where ", Said(wording.grouped(expected), ref), f" {verb} usual"]


def _most(line: DataNoticeLine, refs: Refs) -> list[str]:
    most = round(line.expected_count or 0)
    if most == 0:
        return ["; no text came twice before"]
    weeks = Said("26", reference(RULE, "band_weeks"))
    told = Said(wording.grouped(most), notice_ref(line, "expected_count", refs))
    return ["; the most in the ", weeks, " weeks before was ", told]


def top_words(
    sources: Iterable[SourceLine],
    told: Iterable[DataNoticeLine],
    owners: Mapping[str, str],
    refs: Refs,
) -> list[tuple[bool, Said]]:
    """What must be read before any figure: a source that is missing (True) or odd, a line each.

    What the notices say of a source's volume stands for it.
    """
    by_source: dict[str, list[DataNoticeLine]] = {}
    for one in told:
        by_source.setdefault(one.source_id, []).append(one)
    found = []
    for line in sources:
        if line.state in MISSING:
            found.append((True, _missing(line, owners.get(line.source_id, ""), refs)))
        elif line.state in ODD:
            found.append((False, _odd(line, by_source.get(line.source_id, []), refs)))
    return found


def _missing(line: SourceLine, owner: str, refs: Refs) -> Said:
    name = Said(line.name, refs.source(line.source_id, "name"))
    weeks: list[str] = [" this week"]
    if line.state_weeks > 1:
        ref = refs.measure("source_state_weeks", line.source_id)
        weeks = [" for ", Said(f"{line.state_weeks} weeks", ref)]
    expected = refs.source(line.source_id, "expected_count")
    usual = _usual(line.expected_count or None, expected)
    what = {
        "failed": [name, " could not be read", *weeks, *usual, ". "],
        "silent": [name, " sent nothing", *weeks, *usual, ". "],
        UNKNOWN: ["Nothing is known of ", name, *weeks, ". "],
    }[line.state]
    has_figure = any(mark.isdigit() for mark in owner)  # a name with one has no reference here
    who = f" {owner} answers for the source." if owner and not has_figure else ""
    return said(*what, _NOT_FEWER, who)


def _odd(line: SourceLine, told: list[DataNoticeLine], refs: Refs) -> Said:
    name = Said(line.name, refs.source(line.source_id, "name"))
    ref = refs.source(line.source_id, "arrived_count")
    arrived = Said(wording.counted(line.arrived_count, "record", "records"), ref)
    usual = _usual(line.expected_count or 0.0, refs.source(line.source_id, "expected_count"))
    head = [name, " sent ", arrived, *usual, ". "]
    if line.state == "quiet":
        return said(*head, "A fall in its issues may come from this alone.")
    known = [one for one in told if one.verdict in _EXPLAINS_MORE]
    if not known:
        return said(*head, "A rise in its issues may come from this alone.")
    first = known[0]
    if first.verdict in ("VOLUME_SHIFT", "VOLUME_JUMP"):
        return said(*head, MEANINGS[first.verdict])
    return said(*head, seen(first, refs), " ", MEANINGS[first.verdict].partition(";")[0] + ".")


def also_line(report: WeeklyReport) -> str:
    """Of notices that page one's top does not tell, what they are: for the foot of page one."""
    top = {one.source_id for one in report.sources if one.state in (*MISSING, *ODD)}
    kinds: list[str] = []
    for one in report.data_notices:
        word = WORDS[one.verdict]
        if one.source_id not in top and word not in kinds:
            kinds.append(word)
    if not kinds:
        return ""
    shown = [f"{word[:1].lower()}{word[1:]}" for word in kinds[:MOST_NAMED]]
    more = len(kinds) - len(shown)
    shown += [f"{wording.number_word(more)} more"] if more else []
    return f"Also noted of the data: {'; '.join(shown)}."


def notices_finding(report: WeeklyReport) -> str:
    """The heading over the notices."""
    count = len(report.data_notices)
    if not count:
        return "Nothing else was odd about this week's data" if report.notices else (
            "Nothing was odd about this week's data"
        )  # fmt: skip
    told = wording.number_word(count)
    return f"What was odd about this week's data: {told} {'notice' if count == 1 else 'notices'}"
