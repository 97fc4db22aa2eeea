"""Sentences on one issue: what it did, where it stands out, what is known of it and what is not.

Every sentence follows a stated rule from the issue's figures and carries their references. No
share is printed here: counts of so few reports are said as counts.
"""

from models.report import Concentration, DatedEvent, ReportAction, ReportIssue
from voc_pipeline.report import wording
from voc_pipeline.report.dates import Calendar
from voc_pipeline.report.references import Refs, Said, event_ref, reference, said

DIMENSION_WORDS = {
    "product": "product",
    "region": "region",
    "customer_segment": "customer group",
    "channel": "channel",
    "source_id": "source",
    "touchpoint": "moment",
}
PLACES = "issue_places"
LEAST_EVENT_WEEKS = 8
"""An event this many weeks before the report, or fewer, is named beside what is not known."""


def where(issue: ReportIssue, refs: Refs | None = None, *, is_short: bool = False) -> Said:
    """Where the issue stands out, in one or two sentences; `is_short` for page one."""
    found = issue.concentration
    if issue.only_source:
        note = f", {issue.only_source_note}" if issue.only_source_note else ""
        source = f"All of it comes from one source: {issue.only_source}{note}."
        if found is None or found.dimension in ("source_id", "channel"):
            return Said(source)
        return said(_concentrated(issue, refs), " ", source)
    if found is None and is_short:
        return Said("No one place stands out.")
    if found is None:
        return Said("No product, region, customer group or source stands out.")
    return _concentrated(issue, refs)


def _concentrated(issue: ReportIssue, refs: Refs | None) -> Said:
    found = issue.concentration
    if found is None:
        return Said("")

    def ref(column: str) -> tuple[str, ...]:
        return (place_ref(issue, found, column, refs),) if refs else ()

    usual = found.cell_count - found.excess_count
    whole = (refs.issue(issue.issue_id, "feedback_count"),) if refs else ()
    cells: list[str] = [
        f" {DIMENSION_WORDS[found.dimension]} ",
        Said(f"“{found.cell}”", *(ref("cell") if found.key else ())),
    ]
    if found.second_dimension:
        cells += [
            f" and {DIMENSION_WORDS[found.second_dimension]} ",
            Said(f"“{found.second_cell}”", *(ref("second_cell") if found.second_key else ())),
        ]
    return said(
        Said(wording.grouped(found.cell_count), *ref("feedback_count")),
        " of ",
        Said(wording.counted(found.issue_count, "report has", "reports have"), *whole),
        *cells,
        "; ",
        Said(wording.about(usual), *(ref("expected_count") if usual >= 0.95 else ())),
        " would be usual.",
    )


def _usual(issue: ReportIssue, lower: str, upper: str) -> list[str]:
    """The usual range; a reference method has no lower end of it."""
    if issue.lower_bound is None and issue.upper_bound is not None:
        return ["at most ", Said(wording.grouped(int(issue.upper_bound)), upper)]
    return [Said(wording.span(issue.lower_bound, issue.upper_bound), lower, upper)]


def place_ref(issue: ReportIssue, found: Concentration, column: str, refs: Refs) -> str:
    """A cell of issue_places: of one cell, or of a pair."""
    second = (found.second_dimension or "", found.second_key)
    key = (refs.week, issue.issue_id, found.dimension, found.key, *second)
    return reference(PLACES, *key, column)


def pattern_ref(issue_id: str, refs: Refs) -> str:
    """The reason of issue_patterns."""
    return reference("issue_patterns", refs.week, issue_id, "reason")


def term_ref(issue_id: str, term: str, refs: Refs) -> str:
    """A row of issue_new_terms."""
    return reference("issue_new_terms", refs.week, issue_id, term, "term")


def count_line(issue: ReportIssue, refs: Refs) -> Said:
    """What came this week, against what was expected, last week and a year ago."""

    def of(figure: str, weeks_back: int = 0) -> str:
        return refs.issue(issue.issue_id, figure, weeks_back)

    pieces: list[str] = [
        Said(wording.counted(issue.feedback_count, "report", "reports"), of("feedback_count")),
        " this week",
    ]
    if issue.upper_bound is not None and issue.expected_count is not None:
        pieces += [
            " against ",
            Said(wording.grouped(issue.expected_count), of("expected_count")),
            " expected (usual ",
            *_usual(issue, of("lower_bound"), of("upper_bound")),
            ")",
        ]
    if issue.previous_count is not None:
        previous = wording.grouped(issue.previous_count)
        pieces += [", ", Said(previous, of("feedback_count", 1)), " last week"]
    if issue.year_ago_count is not None:
        year_ago = wording.grouped(issue.year_ago_count)
        pieces += [", ", Said(year_ago, of("feedback_count", 52)), " a year ago"]
    return said(*pieces, ".")


def page_headline(issue: ReportIssue, refs: Refs) -> Said:
    """The finding of an issue's page: by its verdict, then by its ratio to what was expected."""
    label = Said(f"“{issue.label}”", refs.label(issue.issue_id))
    weeks = Said(
        wording.counted(issue.verdict_weeks, "week", "weeks"),
        refs.issue(issue.issue_id, "verdict_weeks"),
    )
    if issue.verdict == "NEW":
        count = Said(
            wording.counted(issue.feedback_count, "report", "reports"),
            refs.issue(issue.issue_id, "feedback_count"),
        )
        return said(label, " is new and has reached ", count, " a week")
    if issue.is_lasting:
        told: list[str] = [" stays high: inside its range, beyond chance with the weeks before"]
    elif issue.verdict == "SPIKING" and issue.rate_ratio is not None:
        ratio = Said(wording.times(issue.rate_ratio), refs.issue(issue.issue_id, "rate_ratio"))
        told = [" has jumped to ", ratio, " what was expected"]
        if issue.verdict_weeks > 1:
            told = [" is at ", ratio, " what was expected, high for ", weeks]
    elif issue.verdict == "RISING":
        told = [" has begun to rise"]
        if issue.verdict_weeks > 1:
            told = [" has been rising for ", weeks]
    else:
        told = [" is above its range, which may be chance"]
    return said(label, *told)


def known(issue: ReportIssue, new_terms: tuple[str, ...], pattern: str, refs: Refs) -> list[Said]:
    """What we know of an escalated issue."""

    def of(figure: str) -> str:
        return refs.issue(issue.issue_id, figure)

    found = [
        said(
            Said(wording.counted(issue.feedback_count, "report", "reports"), of("feedback_count")),
            " came from ",
            Said(wording.counted(issue.customer_count, "person", "people"), of("customer_count")),
            ".",
        ),
        where(issue, refs),
    ]
    if issue.verdict == "RISING" and issue.reason:
        found.append(Said(f"{wording.capital(issue.reason)}.".replace("..", "."), of("reason")))
    if pattern:
        found.append(
            Said(pattern, reference("issue_patterns", refs.week, issue.issue_id, "reason"))
        )
    if new_terms:
        listed = wording.listed([f"“{one}”" for one in new_terms[:4]])
        terms = [term_ref(issue.issue_id, one, refs) for one in new_terms[:4]]
        found.append(Said(f"New in its texts: {listed}.", *terms))
    if issue.forecast_count is not None and issue.forecast_upper is not None:
        found.append(
            said(
                "Next week about ",
                Said(wording.grouped(issue.forecast_count), of("forecast_count")),
                f" {'is' if round(issue.forecast_count) == 1 else 'are'} expected (",
                Said(
                    wording.span(issue.forecast_lower, issue.forecast_upper),
                    of("forecast_lower"),
                    of("forecast_upper"),
                ),
                ") if nothing changes.",
            )
        )
    return found


def not_known(
    issue: ReportIssue,
    events: tuple[DatedEvent, ...],
    *,
    history_weeks: int,
    refs: Refs,
    calendar: Calendar,
) -> list[Said]:
    """What we do not know of an escalated issue."""
    found = [Said("How many customers met it and told nobody: counts show movement only.")]
    unstated = [part for part in issue.parts if part.cell is None and not part.is_rest]
    if unstated and unstated[0].feedback_count and issue.parts_of:
        key = (refs.week, issue.issue_id, issue.parts_of, "", "", "", "feedback_count")
        count = unstated[0].feedback_count
        found.append(
            said(
                f"Which {DIMENSION_WORDS[issue.parts_of]} it is in ",
                Said(
                    wording.counted(count, "report that does", "reports that do"),
                    reference(PLACES, *key),
                ),
                " not say.",
            )
        )
    recent = [
        one
        for one in events
        if one.kind == "company" and 0 <= (refs.week - one.happened_on).days < 7 * LEAST_EVENT_WEEKS
    ]
    if recent:
        event = recent[-1]
        found.append(
            Said(
                f"Whether “{event.text}” ({calendar.short_day(event.happened_on)}) is the cause: "
                "it came before, which is no proof.",
                event_ref(event.text),
            )
        )
    else:
        found.append(Said("What caused it: no event of the company is on record for these weeks."))
    if history_weeks < 52:
        weeks = Said(wording.counted(history_weeks, "week", "weeks"), refs.measure("history_weeks"))
        found.append(said("Whether it is seasonal: only ", weeks, " lie before this one."))
    return found


def actions_on(issue_id: str, actions: tuple[ReportAction, ...]) -> tuple[str, ...]:
    """The actions of an issue, in the register's order of urgency."""
    return tuple(one.action_id for one in actions if one.issue_id == issue_id)
