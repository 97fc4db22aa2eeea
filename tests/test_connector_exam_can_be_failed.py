"""The exam is worth something: connectors broken on purpose fail the case that is about it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count

import polars as pl
import pytest

pytest.register_assert_rewrite("exam", "exam_cases", "exam_faults")

import exam_cases  # noqa: E402, F401 - entering its cases
import exam_faults  # noqa: E402, F401
from connector_stands import FIRST, STANDS  # noqa: E402
from exam import CASES  # noqa: E402

from connectors import client  # noqa: E402
from connectors.base import FETCHED_SCHEMA, Batch, Connector, Mapping, Window  # noqa: E402
from models.errors import FatalSourceError, SourceError  # noqa: E402

Pages = Iterator[Batch]


class Broken:
    """A sound connector with one thing wrong."""

    def __init__(
        self,
        sound: Connector,
        pages: Callable[[Pages], Pages] = iter,
        mapping: Callable[[Mapping], Mapping] = lambda whole: whole,
    ) -> None:
        self.check = sound.check
        self._sound, self._pages, self._mapping = sound, pages, mapping

    def fetch(self, window: Window, cursor: str | None) -> Pages:
        return self._pages(self._sound.fetch(window, cursor))

    def to_feedback(self, raw: pl.DataFrame) -> Mapping:
        return self._mapping(self._sound.to_feedback(raw))


class GivesNothing(Broken):
    """Finds nothing, ever, and finds nothing wrong."""

    def fetch(self, window: Window, cursor: str | None) -> Pages:
        yield Batch(0, FETCHED_SCHEMA.to_frame())


class RefusesEverything(Broken):
    """Is afraid of every source, and never says which."""

    def __init__(self, sound: Connector) -> None:
        super().__init__(sound)
        self.check = lambda: ["no"]

    def fetch(self, window: Window, cursor: str | None) -> Pages:
        raise FatalSourceError("no")
        yield


def loses_a_record(pages: Pages) -> Pages:
    for page in pages:
        yield replace(page, records=page.records[1:])


def loses_a_record_and_its_count(pages: Pages) -> Pages:
    for page in pages:
        yield replace(page, records=page.records[1:], fetched_count=page.fetched_count - 1)


def hands_a_record_over_twice(pages: Pages) -> Pages:
    for page in pages:
        twice = pl.concat([page.records, page.records[:1]])
        yield replace(page, records=twice, fetched_count=page.fetched_count + 1)


def forgets_its_rejects(pages: Pages) -> Pages:
    for page in pages:
        yield replace(page, rejects=page.rejects.clear(), fetched_count=page.records.height)


def stops_silently(pages: Pages) -> Pages:
    came = False
    try:
        for page in pages:
            came = True
            yield page
    except SourceError:
        if not came:
            yield Batch(0, FETCHED_SCHEMA.to_frame())


def loses_ties(pages: Pages) -> Pages:
    last = FIRST.end
    for page in pages:
        kept = page.records.filter(pl.col("occurred_at").is_in([last]).not_())
        yield replace(page, records=kept, fetched_count=kept.height + page.rejects.height)
        last = page.records["occurred_at"][-1]


def hands_the_cursor_over_early(pages: Pages) -> Pages:
    all_pages = list(pages)
    for page, following in zip(all_pages, [*all_pages[1:], all_pages[-1]], strict=True):
        yield replace(page, cursor=following.cursor)


def says_nothing_of_deletions(pages: Pages) -> Pages:
    for page in pages:
        yield replace(page, complete_over=None)


def calls_everything_complete(pages: Pages) -> Pages:
    *others, last = pages
    yield from others
    yield replace(last, complete_over=(FIRST.history_start, FIRST.end))


def hashes_only_the_id(pages: Pages) -> Pages:
    for page in pages:
        yield replace(page, records=page.records.with_columns(content_hash="external_id"))


def changes_at_each_fetch(pages: Pages) -> Pages:
    for page in pages:
        moment = str(next(_TICKS))
        yield replace(page, records=page.records.with_columns(origin=pl.lit(moment)))


def reorders(whole: Mapping) -> Mapping:
    return Mapping(whole.mapped.reverse(), whole.set_aside)


def leaves_a_column_out(whole: Mapping) -> Mapping:
    return Mapping(whole.mapped.drop("queue"), whole.set_aside)


def remembers_calls(whole: Mapping) -> Mapping:
    return Mapping(whole.mapped.with_columns(queue=pl.lit(str(next(_TICKS)))), whole.set_aside)


def maps_no_words(whole: Mapping) -> Mapping:
    empty = pl.lit(None, pl.String)
    return Mapping(whole.mapped.with_columns(verbatim=empty, outcome=empty), whole.set_aside)


def keeps_scores_off_the_scale(whole: Mapping) -> Mapping:
    return Mapping(whole.mapped.with_columns(pl.col("score").fill_null(99.0)), whole.set_aside)


_TICKS = count()

FAILURES = (AssertionError, SourceError, pytest.fail.Exception)
EVERY = "every_record_comes_once_and_is_counted"
PURE = "mapping_is_pure_and_keeps_rows_order_and_columns"
BROKEN_FETCHES = [
    ("cfpb", EVERY, loses_a_record),
    ("cfpb", EVERY, loses_a_record_and_its_count),
    ("files", EVERY, loses_a_record_and_its_count),
    ("transcripts", EVERY, loses_a_record_and_its_count),
    ("call_records", EVERY, hands_a_record_over_twice),
    ("files", "a_record_without_a_usable_date_is_set_aside_with_its_payload", forgets_its_rejects),
    ("files", "a_renamed_column_is_named", stops_silently),
    ("cfpb", "a_record_of_wrong_types_is_set_aside_and_the_rest_loads", forgets_its_rejects),
    ("cfpb", "a_page_cap_reached_is_an_error_that_says_how_to_go_on", stops_silently),
    ("cfpb", "a_source_that_stays_away_is_retriable_and_named", stops_silently),
    ("cfpb", "a_fault_on_a_later_page_is_no_end", stops_silently),
    ("cfpb", "fewer_than_the_total_is_an_error", stops_silently),
    ("cfpb", "a_server_that_repeats_a_page_is_refused", stops_silently),
    ("cfpb", "a_server_that_pages_for_ever_is_stopped", stops_silently),
    ("cfpb", "a_source_that_changes_while_it_is_read_is_an_error", stops_silently),
    ("cfpb", "ties_in_the_same_second_are_all_fetched", loses_ties),
    ("cfpb", "a_cursor_comes_only_with_its_page", hands_the_cursor_over_early),
    ("cfpb", "a_record_that_left_is_taken_for_deleted_and_no_other", says_nothing_of_deletions),
    ("cfpb", "an_empty_source_gives_an_empty_batch_and_proves_no_deletion",
     calls_everything_complete),
    ("files", "an_empty_window_brings_nothing_unknown", calls_everything_complete),
    ("cfpb", "a_record_that_comes_back_unreadable_is_not_taken_for_deleted",
     calls_everything_complete),
    ("cfpb", "a_record_changed_later_keeps_its_id_and_changes_its_hash", hashes_only_the_id),
    ("files", "a_record_changed_later_keeps_its_id_and_changes_its_hash", hashes_only_the_id),
    ("cfpb", "the_same_fetch_twice_gives_the_same_records", changes_at_each_fetch),
]  # fmt: skip
BROKEN_MAPPINGS = [
    ("cfpb", PURE, reorders),
    ("files", PURE, leaves_a_column_out),
    ("call_records", PURE, remembers_calls),
    ("cfpb", "hostile_words_arrive_as_they_were_said", maps_no_words),
    ("files", "a_score_off_its_scale_is_emptied_and_said", keeps_scores_off_the_scale),
]


SITTINGS = [
    pytest.param(kind, case.name, id=f"{kind}-{case.name}")
    for kind in STANDS
    for case in CASES
    if case.is_for(kind) and case.name != "a_typo_in_the_settings_is_refused_with_its_name"
]
"""All that concern the connector and not its settings."""


@pytest.fixture
def fails(tmp_path):
    """Whether the case is failed by the kind's connector with this change."""

    def sit(kind: str, name: str, change: Callable[[Connector], object]) -> None:
        [case] = [one for one in CASES if one.name == name]
        assert case.is_for(kind)
        with ExitStack() as stack:
            stand = STANDS[kind](tmp_path / str(next(_TICKS)), stack)
            sound = stand.connector
            stand.connector = lambda: change(sound())
            with pytest.raises(FAILURES):
                case.run(stand)

    return sit


@pytest.mark.parametrize(("kind", "name"), SITTINGS)
def test_no_case_is_passed_both_by_silence_and_by_refusal(kind, name, fails):
    """Each case is failed by a connector that gives nothing, or by one that refuses everything."""
    for change in (GivesNothing, RefusesEverything):
        try:
            fails(kind, name, change)
        except pytest.fail.Exception:
            continue
        return
    pytest.fail(f"{name} is passed by a connector that does nothing")


@pytest.mark.parametrize(("kind", "case", "pages"), BROKEN_FETCHES)
def test_a_broken_fetch_fails_its_case(kind, case, pages, fails):
    fails(kind, case, lambda sound: Broken(sound, pages=pages))


@pytest.mark.parametrize(("kind", "case", "mapping"), BROKEN_MAPPINGS)
def test_a_broken_mapping_fails_its_case(kind, case, mapping, fails):
    fails(kind, case, lambda sound: Broken(sound, mapping=mapping))


def test_a_client_that_does_not_wait_as_asked_fails_its_case(fails, monkeypatch):
    monkeypatch.setattr(client, "retry_after_seconds", lambda *_: None)
    fails("cfpb", "retry_after_is_waited_for", lambda sound: sound)


def test_a_connector_that_does_not_look_back_fails_its_case(tmp_path):
    [case] = [
        one for one in CASES if one.name == "a_record_published_late_is_found_by_looking_back"
    ]
    with ExitStack() as stack:
        stand = STANDS["cfpb"](tmp_path, stack)
        stand.changes = {"lookback_days": 0}
        with pytest.raises(AssertionError):
            case.run(stand)
