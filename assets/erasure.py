"""`voc suppress`: customers leave the home, its reports and all loads to come (weeks.md 11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from assets.home import Home
from assets.report import rewrite_reports
from models.issue import Issue
from voc_pipeline.feedback.customers import customer_key
from voc_pipeline.issues.erasure import without_members
from voc_pipeline.warehouse import erasure
from voc_pipeline.warehouse.publish import last_finished_week, publish

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Erased:
    """What left the home."""

    customers: int
    records: int
    reports: int
    """Weekly reports that quoted them and were written again."""


def suppress_customers(home: Home, customer_ids: Sequence[str]) -> Erased:
    """Erase customers: raw, feedback, mentions, register sums, quotes, report files.

    Published figures keep their numbers; what is known now follows with the next weekly run, as
    restatements with the reason 'erased'. Reports come first, so that a kill on the way leaves
    nothing that the same command does not finish.

    Raises:
        LockedError: another run holds the home.
    """
    ids = sorted({one.strip() for one in customer_ids if one.strip()})
    keys = sorted({customer_key(one, home.pseudonym_key) for one in ids})
    with home.lock("voc suppress", PATIENCE_SECONDS):
        with home.warehouse() as warehouse:
            records = erasure.records_of(warehouse, keys)
            rewritten = rewrite_reports(home, warehouse, erasure.segments_of(warehouse, records))
            leaving = erasure.members_leaving(warehouse, records)
            lighter = without_members(warehouse.rows(Issue), leaving)
            with warehouse.transaction():
                erasure.erase(warehouse, keys, ids, records, lighter)
            week = last_finished_week(warehouse)
            if week is not None:
                publish(warehouse, week)
        erasure.rewrite_file(home.path)
    return Erased(customers=len(keys), records=records.height, reports=rewritten)
