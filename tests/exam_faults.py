"""The exam's hostile half: what the network, a server or a file does wrong.

The promise is the same each time: an error that names the place and the remedy, or every record
loaded or counted as set aside; never silence, and never a customer's words in a message.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from complaint_server import Fault, complaint
from connector_stands import FIRST, FolderStand, Stand, SurveyStand, TableStand, told, utc
from exam import fetched, heard, is_said, needs, records, rejects

from connectors.base import Batch
from models.errors import FatalSourceError, RetriableSourceError, SourceError
from models.source import TableFilesSource


@contextmanager
def refused(stand: Stand, kind: type[SourceError], *says: str) -> Iterator[None]:
    """An error of this kind that says so much, and no customer's words."""
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert all(one in message for one in says), message
    assert "parcel" not in message


# HTTP


@needs("http")
def retry_after_is_waited_for(stand: Any) -> None:
    given = told(4)
    stand.publish(*given)
    stand.server.faults.append(Fault(status=429, headers=(("Retry-After", "21"),), body=b"{}"))
    assert is_said(fetched(stand.connector()), stand, *given)
    assert stand.waits == [21.0]


@needs("http")
def one_bad_answer_is_asked_for_again(stand: Any) -> None:
    given = told(4)
    for fault in (Fault(status=500, body=b"oops"), Fault(cut_after=99), Fault(body=b'{"hits": {"')):
        stand.publish(*given)
        stand.server.faults.append(fault)
        assert is_said(fetched(stand.connector()), stand, *given)
    assert stand.waits == [1.0, 1.0, 1.0]


@needs("http")
def a_timeout_is_asked_for_again(stand: Any) -> None:
    stand.changes = {"timeout_seconds": 0.6}
    given = told(2)
    stand.publish(*given)
    stand.server.faults.append(Fault(delay_seconds=1.2))
    assert is_said(fetched(stand.connector()), stand, *given)


@needs("http")
def a_source_that_stays_away_is_retriable_and_named(stand: Any) -> None:
    for fault in (Fault(status=503, body=b""), Fault(cut_after=9), Fault(status=429, body=b"")):
        stand.publish(*told(4))
        stand.server.faults.extend([fault] * 3)
        with refused(stand, RetriableSourceError, "stand", "again"):
            fetched(stand.connector())
        assert not stand.server.faults


@needs("http")
def a_fault_on_a_later_page_is_no_end(stand: Any) -> None:
    stand.publish(*told(8))
    batches = stand.connector().fetch(FIRST, None)
    next(batches)
    stand.server.faults.extend([Fault(status=500, body=b"")] * 3)
    with refused(stand, RetriableSourceError, "HTTP 500"):
        list(batches)


@needs("http")
def an_answer_of_another_shape_is_fatal(stand: Any) -> None:
    stand.publish(*told(4))
    bodies = ["{}", '{"hits": []}', '{"hits": {"total": {"value": "4"}, "hits": []}}', "[]", "7"]
    page = '{"hits": {"total": {"value": true}, "hits": {}}}'
    for body in [*bodies, page]:
        stand.server.faults.append(Fault(body=body.encode()))
        with refused(stand, FatalSourceError, "check"):
            fetched(stand.connector())


@needs("http")
def a_refused_request_is_fatal_and_not_repeated(stand: Any) -> None:
    stand.publish(*told(4))
    stand.server.faults.append(Fault(status=400, body=b'{"size": ["too large"]}'))
    with refused(stand, FatalSourceError, "HTTP 400", "check"):
        fetched(stand.connector())
    assert (len(stand.server.requests), stand.waits) == (1, [])


@needs("http")
def a_record_of_wrong_types_is_set_aside_and_the_rest_loads(stand: Any) -> None:
    given = told(3)
    stand.publish(*given)
    wrong = complaint("wrong", "2026-11-03", "parcel x")
    stand.server.complaints += [
        {**wrong, "complaint_id": None},
        {**wrong, "complaint_id": ["a"], "date_received": "2026-11-04"},
        {**wrong, "complaint_id": "no-day", "date_received": "soon"},
        {**wrong, "complaint_id": "bad-day", "date_received": "2026-11-0x"},
    ]
    batches = fetched(stand.connector())
    assert is_said(batches, stand, *given)
    assert rejects(batches).height == 4
    assert all("parcel x" in payload for payload in rejects(batches)["payload"])
    assert not any("parcel" in reason for reason in rejects(batches)["reason"])


ENDLESS_TOTALS: tuple[Callable[[int], dict[str, object]], ...] = (
    lambda _: {"value": 10**9, "relation": "eq"},
    lambda _: {"value": 10, "relation": "gte"},
    lambda before: {"value": 6 + 3 * before, "relation": "eq"},
)
"""What a server says that has no end: too much, at least so much, and ever more."""


@needs("http", "paging")
def a_server_that_pages_for_ever_is_stopped(stand: Any) -> None:
    def endless(
        total: Callable[[int], dict[str, object]], answer: dict[str, Any], before: int
    ) -> dict[str, Any]:
        numbers = range(10_000 - 3 * before, 9_997 - 3 * before, -1)
        hits = [
            {"_source": complaint(one, "2026-11-03"), "sort": [one, str(one)]} for one in numbers
        ]
        return {"hits": {"total": total(before), "hits": hits}}

    stand.changes = {"page_cap": 5}
    for total in ENDLESS_TOTALS:
        stand.server.requests.clear()
        stand.server.mood = partial(endless, total)
        with refused(stand, SourceError, "stand"):
            fetched(stand.connector())
        assert len(stand.server.requests) <= 5


@needs("http", "paging")
def a_server_that_repeats_a_page_is_refused(stand: Any) -> None:
    """As the real one does with a search_after that it does not understand."""
    stand.publish(*told(8))
    plain = stand.server.answer
    first = plain({"size": ["3"]})
    stand.server.mood = lambda answer, before: first
    with refused(stand, FatalSourceError, "repeats"):
        fetched(stand.connector())
    assert len(stand.server.requests) == 2


@needs("http", "paging")
def fewer_than_the_total_is_an_error(stand: Any) -> None:
    def stingy(answer: dict[str, Any], before: int) -> dict[str, Any]:
        answer["hits"]["hits"] = [one for one in answer["hits"]["hits"] if one["_id"] != "4"]
        return answer

    stand.publish(*told(8))
    stand.server.mood = stingy
    with refused(stand, RetriableSourceError, "says 8", "handed over 7"):
        fetched(stand.connector())


@needs("http", "paging")
def a_source_that_changes_while_it_is_read_is_an_error(stand: Any) -> None:
    given = told(8)
    stand.publish(*given)
    batches = stand.connector().fetch(FIRST, None)
    next(batches)
    stand.publish(*given, *told(1, first=50))
    with refused(stand, RetriableSourceError, "8 to 9"):
        list(batches)


# Files


def outcome(stand: Stand, name: str) -> list[Batch] | None:
    """The batches, or None where the source was refused by an error that names the file."""
    try:
        return fetched(stand.connector())
    except FatalSourceError as error:
        message = str(error)
        assert name in message, message
        assert "parcel" not in message
        assert len(message) > len(name) + 30, f"{message} tells no remedy"
        return None


@needs("files")
def an_empty_file_spoils_no_other(stand: FolderStand) -> None:
    given = told(3)
    stand.publish(*given)
    stand.place(f"empty.{stand.suffix}", b"")
    batches = outcome(stand, "empty")
    assert batches is None or is_said(batches, stand, *given)


@needs("files")
def a_wrong_encoding_is_said_or_set_aside_never_garbled(stand: FolderStand) -> None:
    given = told(3)
    stand.publish(*given)
    accented = replace(told(4)[3], words="parcel café naïve")
    text = stand.written(accented).decode().encode("latin-1", "replace")
    text = text.replace(b"caf\\u00e9", b"caf\xe9")  # JSON may have escaped it
    stand.place(f"odd.{stand.suffix}", text)
    batches = outcome(stand, "odd")
    if batches is not None:
        assert rejects(batches).height >= 1
        assert set(heard(stand, batches).values()) == {one.words for one in given}


@needs("files")
def dates_of_1970_and_2099_are_kept_as_they_are(stand: FolderStand) -> None:
    days = [utc(1970, 1, 1), utc(1970, 1, 2, 3), utc(2099, 12, 31, 23)]
    given = [replace(one, at=day) for one, day in zip(told(3), days, strict=True)]
    stand.publish(*given)
    batches = fetched(stand.connector())
    assert sorted(records(batches)["occurred_at"]) == days


@needs("files")
def one_id_with_two_texts_is_never_silently_one(stand: FolderStand) -> None:
    given = told(3)
    twin = replace(given[0], words="another text of the same id")
    stand.publish(*given)
    stand.place(f"twin.{stand.suffix}", stand.written(twin))
    batches = outcome(stand, "twin")
    if batches is not None:
        came = records(batches).height + rejects(batches).height
        assert came == len(given) + 1
        assert records(batches)["content_hash"].n_unique() == records(batches).height


@needs("files")
def a_new_file_is_found_and_an_old_one_that_grew_is_read_again(stand: FolderStand) -> None:
    given, more, grown = told(3), told(2, first=40), told(2, first=60)
    stand.publish(*given)
    first = fetched(stand.connector())
    stand.place(f"more.{stand.suffix}", stand.written(*more))
    second = fetched(stand.connector(), cursor=first[-1].cursor)
    assert {one.words for one in more} <= set(heard(stand, second).values())
    stand.place(f"more.{stand.suffix}", stand.written(*more, *grown))
    third = fetched(stand.connector(), cursor=second[-1].cursor)
    assert {one.words for one in grown} <= set(heard(stand, third).values())


@needs("files")
def a_json_file_cut_in_the_middle_is_never_silence(stand: FolderStand) -> None:
    stand.changes = stand.told_of_deletions
    given, cut_off = told(2, first=80), told(3)
    whole = stand.written_as_json(*cut_off)
    stand.publish(*given)
    for cut in (len(whole) - 2, *range(len(whole) * 3 // 4, 0, -17)):
        stand.place("cut.json", whole[:cut])
        batches = outcome(stand, "cut")
        if batches is not None:
            came = set(heard(stand, batches).values())
            assert {one.words for one in given} <= came
            assert rejects(batches).height or {one.words for one in cut_off} <= came
            assert batches[-1].complete_over is None, "a torn file proves no deletion"


@needs("files")
def a_folder_with_something_else_in_it_is_no_crash(stand: FolderStand) -> None:
    given = told(3)
    stand.publish(*given)
    stand.place(f"noise.{stand.suffix}", bytes(range(256)) * 40)
    batches = outcome(stand, "noise")
    if batches is not None:
        assert rejects(batches).height >= 1
        assert {one.words for one in given} <= set(heard(stand, batches).values())


@needs("files")
def a_file_with_a_header_only_has_no_records(stand: FolderStand) -> None:
    given = told(3)
    stand.publish(*given)
    stand.place(f"header.{stand.suffix}", stand.written())
    assert is_said(fetched(stand.connector()), stand, *given)


@needs("files")
def mixed_time_zones_become_one_clock(stand: FolderStand) -> None:
    """With an offset it counts; without, the company's zone: New York, UTC-5 in November."""
    clocks = {
        "10:00:00Z": (10, 0),
        "10:00:00+05:30": (4, 30),
        "10:00:00-0800": (18, 0),
        "10:00:00": (15, 0),
    }
    given = [
        replace(one, day=f"2026-11-03T{clock}") for one, clock in zip(told(4), clocks, strict=True)
    ]
    stand.publish(*given)
    found = records(fetched(stand.connector()))["occurred_at"].to_list()
    assert found == [utc(2026, 11, 3, hour, minute) for hour, minute in clocks.values()]


# Tables in files


@needs("files", settings=TableFilesSource)
def a_renamed_column_is_named(stand: TableStand) -> None:
    for column in stand.header[:3]:
        stand.publish(*told(3))
        text = stand.written(*told(3)).decode()
        stand.place("told.csv", text.replace(column, f"{column}_v2", 1).encode())
        with refused(stand, FatalSourceError, "told.csv", column):
            fetched(stand.connector())


@needs("files", setting="score")
def a_score_off_its_scale_is_emptied_and_said(stand: SurveyStand) -> None:
    given = [
        replace(one, score=score)
        for one, score in zip(told(6), ("1", "5", "0", "5.5", "eleven", ""), strict=True)
    ]
    stand.publish(*given)
    batches = fetched(stand.connector())
    assert is_said(batches, stand, *given)
    mapping = stand.map(stand.connector(), records(batches))
    assert mapping.mapped["score"].to_list() == [1.0, 5.0, None, None, None, None]
    assert mapping.set_aside["scope"].to_list() == ["score"] * 3
    assert set(mapping.set_aside["external_id"]) == set(records(batches)["external_id"][2:5])
