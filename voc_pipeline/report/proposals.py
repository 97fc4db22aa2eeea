"""The decision that a card asks for if the register has none for its issue, by stated rules.

It names who decides, where the excess sits or what is new in the words, and what it costs not to
decide: the reports that are to be expected next week if nothing changes.
"""

from models.report import ReportIssue
from voc_pipeline.report import wording
from voc_pipeline.report.issue_parts import DIMENSION_WORDS, place_ref, term_ref
from voc_pipeline.report.references import Refs, Said, said

LEAST_TOLD = 5
"""Reports next week; fewer are no cost that a decision hangs on."""
_ASKED = {
    "NEW": "find the cause and name who mends it",
    "SPIKING": "say what changed and stop it",
    "RISING": "name a fix and its date",
}
_BY_SOURCE = ("source_id", "channel")


def proposed(issue: ReportIssue, function_name: str, terms: tuple[str, ...], refs: Refs) -> Said:
    """`Billing: find what changed for product “Gift card” and mend it, or accept about ...`.

    Args:
        issue: with where it stands out.
        function_name: the function that owns it; empty: none does.
        terms: words that are new in its texts, the surest first.
        refs: references of the week.
    """
    who = f"{function_name}: " if function_name else "Name an owner, who is to "
    return said(who, *_what(issue, terms, refs), *_cost(issue, refs), ".")


def _what(issue: ReportIssue, terms: tuple[str, ...], refs: Refs) -> list[str]:
    found = issue.concentration
    if found is not None and found.dimension not in _BY_SOURCE:
        cells: list[str] = [
            f"find what changed for {DIMENSION_WORDS[found.dimension]} ",
            _named(found.cell, place_ref(issue, found, "cell", refs), is_known=bool(found.key)),
        ]
        if found.second_dimension and found.second_dimension not in _BY_SOURCE:
            ref = place_ref(issue, found, "second_cell", refs)
            cells += [
                f" and {DIMENSION_WORDS[found.second_dimension]} ",
                _named(found.second_cell, ref, is_known=bool(found.second_key)),
            ]
        return [*cells, " and mend it"]
    if terms:
        term = Said(f"“{terms[0]}”", term_ref(issue.issue_id, terms[0], refs))
        return ["find what changed with ", term, ", new in its texts, and mend it"]
    return [_ASKED.get(issue.verdict, _ASKED["SPIKING"])]


def _named(cell: str, ref: str, *, is_known: bool) -> Said:
    return Said(f"“{cell}”", *((ref,) if is_known else ()))


def _cost(issue: ReportIssue, refs: Refs) -> list[str]:
    """What comes of waiting: next week's reports; nothing where the trends do not say."""
    if issue.forecast_count is None or round(issue.forecast_count) < LEAST_TOLD:
        return []
    told = wording.grouped(issue.forecast_count)
    ref = refs.issue(issue.issue_id, "forecast_count")
    return [", or accept about ", Said(told, ref), " reports next week"]
