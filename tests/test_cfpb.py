"""The complaint search: what is asked, what is proven, and how a complaint becomes feedback."""

import json
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from complaint_server import Fault, complaint, days, serving
from connector_stands import FIRST, HISTORY, SECOND, stored, utc
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import connect
from connectors.base import Window
from connectors.cfpb import CfpbConnector
from connectors.cfpb_pages import Page, Paging
from models.errors import ConfigurationError, FatalSourceError, RetriableSourceError
from models.source import CfpbSource, FilesSource

NARRATIVE = "On XX/XX/2026 I called XXXX XXXX and they charged me {$25.00}."


@pytest.fixture
def server():
    with serving(complaint(7, "2026-11-03", NARRATIVE)) as told:
        yield told


def source(server, **changes):
    told = {"id": "ccdb", "kind": "cfpb", "channel": "complaint", "url": server.url}
    return CfpbSource.model_validate({**told, "attempts": 1, **changes})


def fetch(server, window=FIRST, cursor=None, zone="America/New_York", home=None, **changes):
    return list(connect(source(server, **changes), home, zone).fetch(window, cursor))


def mapped(server, **fields):
    server.complaints = [complaint(7, "2026-11-03", NARRATIVE) | fields]
    connector = connect(source(server), None, "America/New_York")
    raw = stored(next(connector.fetch(FIRST, None)).records, "ccdb")
    return connector.to_feedback(raw)


def test_the_first_load_asks_for_the_history_and_a_later_one_looks_back(server):
    fetch(server)
    fetch(server, SECOND)
    fetch(server, SECOND, lookback_days=3)
    spans = [(one["date_received_min"], one["date_received_max"]) for one in server.requests]
    assert spans == [
        (["2026-10-05"], ["2026-11-09"]),
        (["2026-10-05"], ["2026-11-16"]),  # 35 days back, not before the history
        (["2026-11-06"], ["2026-11-16"]),
    ]


def test_the_search_is_asked_plainly_newest_first_with_every_filter(server):
    names = ("EQUIFAX, INC.", "A & B BANK")
    fetch(server, company=names, product=["Credit card"], page_size=50)
    [asked] = server.requests
    assert asked["company"] == list(names)
    assert asked["product"] == ["Credit card"]
    assert asked["sort"] == ["created_date_desc"]
    assert asked["size"] == ["50"]
    # format=json is the export: unpaged, and two a minute
    assert not {"format", "frm", "search_after"} & asked.keys()


def test_the_date_received_is_midnight_in_the_sources_zone_else_the_companys(server):
    [own] = fetch(server, time_zone="Asia/Tokyo")
    [companys] = fetch(server)
    assert own.records["occurred_at"].to_list() == [utc(2026, 11, 2, 15)]
    assert companys.records["occurred_at"].to_list() == [utc(2026, 11, 3, 5)]
    assert companys.records["received_at"].to_list() == [None]


def test_a_record_leads_back_to_its_page_at_the_source(server):
    [batch] = fetch(server)
    assert batch.records["origin"].to_list() == [f"{server.url}7"]
    assert batch.records["external_id"].to_list() == ["7"]


def test_only_the_complaint_makes_the_hash_not_its_place_in_the_answer(server):
    [first] = fetch(server)
    server.mood = lambda answer, before: (
        json.loads(json.dumps(answer, sort_keys=True)) | {"took": before}
    )
    server.complaints.insert(0, complaint(8, "2026-11-04"))
    [second] = fetch(server)
    assert first.records["content_hash"][0] in second.records["content_hash"].to_list()


def test_the_claim_of_completeness_spans_the_look_back_without_the_last_day(server):
    [batch] = fetch(server, SECOND, lookback_days=3)
    assert batch.complete_over is None  # nothing came: no proof
    [batch] = fetch(server, SECOND, lookback_days=14)
    assert batch.complete_over == (utc(2026, 10, 26, 4), utc(2026, 11, 15, 5))


@pytest.mark.parametrize(
    "unsound",
    [
        {"_meta": {"has_data_issue": True}},
        {"hits": {"total": {"value": 1, "relation": "gte"}}},
    ],
)
def test_a_source_that_doubts_itself_proves_no_deletion(server, unsound):
    def doubt(answer, before):
        if "hits" in unsound:
            answer["hits"]["total"] = unsound["hits"]["total"]
            if "search_after" in server.requests[-1]:
                answer["hits"]["hits"] = []
            return answer
        return answer | unsound

    server.mood = doubt
    batches = fetch(server)
    assert sum(batch.records.height for batch in batches) == 1
    assert batches[-1].complete_over is None


def test_a_cursor_goes_on_in_the_middle_and_never_claims_the_whole(server):
    server.complaints = [complaint(n, day) for n, day in enumerate(days("2026-11-01", 7))]
    whole = fetch(server, page_size=3)
    server.requests.clear()
    rest = fetch(server, page_size=3, cursor=whole[0].cursor)
    assert [batch.records.height for batch in rest] == [3, 1]
    assert rest[-1].complete_over is None
    assert whole[-1].complete_over is not None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"company": ["EXAMPLE BANK"]}, id="other filters"),
        pytest.param({"lookback_days": 2, "window": SECOND}, id="another span"),
    ],
)
def test_a_cursor_of_another_search_starts_anew(server, change):
    server.complaints = [complaint(n, day) for n, day in enumerate(days("2026-11-07", 3) * 3)]
    cursor = fetch(server, page_size=2)[0].cursor
    batches = fetch(server, cursor=cursor, page_size=2, **change)
    assert sum(batch.fetched_count for batch in batches) == 9


def test_a_cursor_whose_total_has_changed_starts_anew(server):
    server.complaints = [complaint(n, "2026-11-03") for n in range(5)]
    cursor = fetch(server, page_size=2)[0].cursor
    server.complaints.append(complaint(9, "2026-11-04"))
    batches = fetch(server, page_size=2, cursor=cursor)
    assert sum(batch.fetched_count for batch in batches) == 6
    assert batches[-1].complete_over is not None


def test_more_than_the_cap_holds_is_said_at_the_first_page(server):
    server.complaints = [complaint(n, "2026-11-03") for n in range(50)]
    with pytest.raises(FatalSourceError, match="50 complaints do not fit page_cap 4 pages of 10"):
        fetch(server, page_size=10, page_cap=4)
    assert len(server.requests) == 1


def test_the_narrative_is_the_verbatim_with_its_redactions_as_published(server):
    row = mapped(server, tags="Older American, Servicemember").mapped.row(0, named=True)
    assert row["verbatim"] == NARRATIVE
    assert (row["product"], row["region"]) == ("Credit card", "FL")
    assert row["customer_segment"] == "Older American, Servicemember"
    assert row["outcome"] == "Closed with explanation"
    assert (row["channel"], row["customer_id"], row["score"]) == ("complaint", None, None)
    assert json.loads(row["attributes"]) == {
        "company": "EXAMPLE BANK",
        "date_sent_to_company": "2026-11-03T12:00:00-05:00",
        "issue": "Getting a credit card",
        "sub_product": "Store credit card",
        "submitted_via": "Web",
        "timely": "Yes",
    }


@pytest.mark.parametrize("nothing", [None, "", "  \n", []])
def test_a_complaint_without_words_has_a_null_verbatim(server, nothing):
    mapping = mapped(server, complaint_what_happened=nothing)
    assert mapping.mapped["verbatim"].to_list() == [None]
    assert mapping.set_aside.is_empty()


def test_a_part_that_is_no_text_is_emptied_and_set_aside_with_its_scope(server):
    mapping = mapped(server, complaint_what_happened={"a": 1}, state=[1], company={}, zip_code={})
    assert mapping.mapped.select("verbatim", "region").row(0) == (None, None)
    assert "company" not in json.loads(mapping.mapped["attributes"][0])
    parts = dict(mapping.set_aside.select("reason", "scope").rows())
    assert parts == {
        "complaint_what_happened is no text": "verbatim",
        "state is no text": "field",
        "company is no text": "field",
    }
    assert mapping.set_aside["external_id"].to_list() == ["7"] * 3


def test_a_lone_surrogate_or_a_number_for_an_id_is_no_crash(server):
    server.complaints = [complaint(1, "2026-11-03", "half \ud83d pair") | {"complaint_id": 7}]
    [batch] = fetch(server)
    assert batch.records["external_id"].to_list() == ["7"]
    assert "half ? pair" in batch.records["payload"][0]


@pytest.mark.parametrize("number", ["", " ", "7" * 101, True, None, 7.5, {}])
def test_a_complaint_without_a_usable_id_is_set_aside_whole(server, number):
    server.complaints = [complaint(1, "2026-11-03", NARRATIVE) | {"complaint_id": number}]
    [batch] = fetch(server)
    assert batch.records.is_empty()
    assert batch.rejects["scope"].to_list() == ["record"]
    assert NARRATIVE in batch.rejects["payload"][0]


def test_a_complaint_nested_without_end_is_set_aside_before_anything_parses_it_again(server):
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    server.complaints = [complaint(1, "2026-11-03"), complaint(2, "2026-11-03", product=deep)]
    [batch] = fetch(server)
    assert batch.records["external_id"].to_list() == ["1"]
    assert batch.rejects["reason"].to_list() == ["the complaint nests deeper than 8 levels"]


def test_a_deletion_whose_payload_is_gone_still_maps_to_a_row(server):
    connector = connect(source(server), None, "UTC")
    raw = stored(fetch(server)[0].records, "ccdb").with_columns(is_deleted=pl.lit(value=True))
    for payload in ("", "null", "[1]"):
        mapping = connector.to_feedback(raw.with_columns(payload=pl.lit(payload)))
        assert mapping.mapped["verbatim"].to_list() == [None]
        assert mapping.set_aside.is_empty()


def test_check_says_that_no_complaint_matches_the_names(server):
    [line] = CfpbConnector(source(server, company=["Exmaple Bank"]), None, "UTC").check()
    assert "no complaint matches company ('Exmaple Bank',)" in line.told


def test_check_says_in_one_attempt_that_the_source_does_not_answer(server):
    server.faults.extend([Fault(status=503, body=b"")] * 5)
    [line] = CfpbConnector(source(server, attempts=5), None, "UTC").check()
    assert "HTTP 503" in line.told
    assert len(server.requests) == 1


def test_settings_of_another_kind_are_refused():
    files = FilesSource.model_validate(
        {"id": "f", "kind": "files", "channel": "survey", "paths": ["x"]}
        | {"columns": {"occurred_at": ["at"]}}
    )
    with pytest.raises(ConfigurationError, match="not of kind cfpb"):
        CfpbConnector(files, None, "UTC")


SHARED = Path(__file__).parents[2] / "shared" / "data" / "complaints"
REAL = SHARED / "cfpb_2023_sample_with_narratives.parquet"


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data is absent")
def test_real_complaints_come_whole_and_keep_their_words(server):
    frame = pl.read_parquet(REAL).with_columns(pl.all().cast(pl.String))
    names = {column: RENAMED.get(column, _as_field(column)) for column in frame.columns}
    server.complaints = frame.rename(names).to_dicts()
    window = Window(None, utc(2023, 12, 31), utc(2011, 1, 1))
    connector = connect(source(server), None, "America/New_York")
    batches = list(connector.fetch(window, None))
    records = pl.concat([batch.records for batch in batches])
    assert len(records) == len(frame) == sum(batch.fetched_count for batch in batches)
    mapping = connector.to_feedback(stored(records, "ccdb"))
    said = frame["Consumer complaint narrative"].drop_nulls().str.strip_chars()
    assert sorted(mapping.mapped["verbatim"].drop_nulls()) == sorted(said)
    assert mapping.set_aside.is_empty()


RENAMED = {
    "Consumer complaint narrative": "complaint_what_happened",
    "Company response to consumer": "company_response",
    "Timely response?": "timely",
}


def _as_field(column: str) -> str:
    return column.lower().strip("?").replace(" ", "_").replace("-", "_")


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 30), max_size=25),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_whatever_the_dates_and_page_sizes_every_complaint_comes_once(shifts, size, largest):
    first = date(2026, 10, 10)
    with serving() as server:
        server.largest_page = largest
        server.complaints = [
            complaint(number, (first + timedelta(days=shift)).isoformat())
            for number, shift in enumerate(shifts)
        ]
        batches = fetch(server, Window(None, FIRST.end, HISTORY), page_size=size)
    ids = pl.concat([batch.records for batch in batches])["external_id"].to_list()
    assert sorted(ids, key=int) == [str(number) for number in range(len(shifts))]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=8))
def test_a_fetch_ends_whole_or_with_an_error_whatever_a_server_pages(answers):
    """Pages of any hits and totals: the end is reached only with as many as were promised."""
    paging = Paging("here", page_size=3, page_cap=5)
    with suppress(FatalSourceError, RetriableSourceError):
        for size, total in answers:
            hits: list[object] = [{"sort": [paging.fetched + one, "1"]} for one in range(size)]
            if not paging.take(Page(hits, total, is_total_exact=True, is_sound=True)):
                assert paging.fetched == total == paging.total
                return
            assert paging.pages < 5
