"""The connector of table files: what it reads, what it sets aside, what it never loses."""

import gzip
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from files_source import COLUMNS, WIDE, as_csv, at, connector, fetched, put
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.csv_records import count_csv_records
from models.errors import FatalSourceError

SHARED = Path(__file__).parents[2] / "shared" / "data"


ROWS = [
    {"id": "1", "day": "2026-11-02", "text": "late again"},
    {"id": "2", "day": "2026-11-03 10:30", "text": 'he said "no", twice\nand left'},
    {"id": "3", "day": "2026-11-04T10:30:00+02:00", "text": "日本語 \u202e <b>"},
]


def as_parquet(rows, path):
    pl.DataFrame(rows).write_parquet(path)
    return path.read_bytes()


def zstd(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv(ROWS)),
        ("a.csv.gz", gzip.compress(as_csv(ROWS))),
        ("wrongly_named.csv", zstd(as_csv(ROWS))),
        ("bom.csv", b"\xef\xbb\xbf" + as_csv(ROWS)),
        ("windows_line_ends.csv", as_csv(ROWS, line_terminator="\r\n")),
        ("a.json", json.dumps(ROWS).encode()),
        ("indented.json", json.dumps(ROWS, indent=2).encode()),
        ("a.jsonl", "\n".join(map(json.dumps, ROWS)).encode()),
        ("a.ndjson.zst", zstd("\n\n".join(map(json.dumps, ROWS)).encode())),
        ("no_suffix", json.dumps(ROWS).encode()),
    ],
)
def test_every_format_and_compression_gives_the_same_records(tmp_path, name, content):
    put(tmp_path, name, content)
    source = connector(tmp_path)
    records, rejects, _ = fetched(source)
    assert rejects.is_empty()
    assert records["external_id"].to_list() == ["1", "2", "3"]
    assert records["occurred_at"].to_list() == [
        at(2026, 11, 2), at(2026, 11, 3, 10, 30), at(2026, 11, 4, 8, 30)
    ]  # fmt: skip
    assert [json.loads(one)["text"] for one in records["payload"]] == [r["text"] for r in ROWS]
    first = 2 if ".csv" in name else 1  # the header is a row, as a spreadsheet counts
    assert records["origin"][0] == f"in/{name}:{first}"
    assert source.check() == []


def test_parquet_keeps_native_types_in_the_payload(tmp_path):
    rows = pl.DataFrame(
        {"id": [7], "day": [at(2026, 11, 2, 3)], "text": ["x\x00y"], "score": [4], "raw": [b"\xff"]}
    )
    rows.write_parquet(put(tmp_path, "a.parquet", ""))
    records, _, _ = fetched(connector(tmp_path))
    payload = json.loads(records["payload"][0])
    assert payload == {
        "id": 7, "day": "2026-11-02 03:00:00", "text": "x\x00y", "score": 4, "raw": "ff"
    }  # fmt: skip


def test_order_of_rows_and_files_does_not_change_ids_and_hashes(tmp_path):
    put(tmp_path, "a.csv", as_csv(ROWS[:2]))
    put(tmp_path, "b.csv", as_csv(ROWS[2:]))
    first, _, _ = fetched(connector(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    put(other, "0.csv", as_csv(ROWS[:0:-1]))
    put(other, "9.csv", as_csv(ROWS[:1]))
    second, _, _ = fetched(connector(other))
    keys = ["external_id", "content_hash", "occurred_at", "payload"]
    assert first.select(keys).sort(keys).equals(second.select(keys).sort(keys))


def test_without_an_id_identical_rows_stay_apart_and_a_second_export_is_known(tmp_path):
    twice = [ROWS[0], ROWS[0], ROWS[1]]
    put(tmp_path, "a.csv", as_csv(twice))
    put(tmp_path, "export_again.csv", as_csv(twice))
    records, _, _ = fetched(connector(tmp_path, columns=COLUMNS | {"external_id": []}))
    ids = records["external_id"].to_list()
    assert len(set(ids[:3])) == 3
    assert ids[:3] == ids[3:]


def test_several_id_columns_join_without_collision(tmp_path):
    put(tmp_path, "a.csv", "x,y,day\na/b,c,2026-11-02\na,b/c,2026-11-02\n")
    columns = {"external_id": ["x", "y"], "occurred_at": ["day"]}
    records, _, _ = fetched(connector(tmp_path, columns=columns))
    assert records["external_id"].to_list() == ["a%2Fb/c", "a/b%2Fc"]


def test_rows_without_date_or_id_are_rejects_with_reason_remedy_and_payload(tmp_path):
    put(
        tmp_path,
        "a.csv",
        "id,day,text\n1,,a\n2,yesterday my card,b\n,2026-11-02,c\n4,31/31/2026,d\n"
        "5,1970-01-01,e\n6,2099-01-01,f\n",
    )
    records, rejects, _ = fetched(connector(tmp_path))
    assert records["external_id"].to_list() == ["5", "6"]
    assert rejects["origin"].to_list() == ["in/a.csv:2", "in/a.csv:3", "in/a.csv:4", "in/a.csv:5"]
    assert rejects["scope"].unique().to_list() == ["record"]
    assert rejects["reason"].to_list() == [
        "no usable date in day: empty",
        "no usable date in day: a text of 17 characters",
        "no id in id",
        "no usable date in day: '31/31/2026'",
    ]
    assert all(rejects["remedy"].str.len_chars() > 10)
    assert json.loads(rejects["payload"][1])["text"] == "b"


def test_ragged_rows_are_rejects_and_no_row_is_cut_silently(tmp_path):
    put(tmp_path, "a.csv", 'id,day,text\n1,2026-11-02,fine\n2,2026-11-02\n\n3,2026-11-02,a,b\n'
        '4,2026-11-02,"a,b"\n')  # fmt: skip
    records, rejects, _ = fetched(connector(tmp_path))
    assert records["external_id"].to_list() == ["1", "4"]
    assert records["origin"].to_list() == ["in/a.csv:2", "in/a.csv:6"]
    assert rejects["payload"].to_list() == ["2,2026-11-02", "3,2026-11-02,a,b"]
    assert rejects["reason"][0] == "2 fields where the header has 3"


def test_an_open_quote_sets_only_its_own_row_aside(tmp_path):
    put(tmp_path, "a.csv", 'id,day,text\n1,2026-11-02,fine\n2,2026-11-02,"open\n3,2026-11-02,x\n')
    records, rejects, batch = fetched(connector(tmp_path, is_snapshot=True))
    assert records["external_id"].to_list() == ["1"]
    assert "never closed" in rejects["reason"][0]
    assert "3,2026-11-02,x" in rejects["payload"][0]
    assert batch.complete_over is None


def test_quotes_inside_unquoted_values_are_read_and_counted(tmp_path):
    put(tmp_path, "a.csv", 'id,day,text\n1,2026-11-02,a 5" pipe\n2,2026-11-02,fine\n')
    records, rejects, _ = fetched(connector(tmp_path))
    assert records.height == 2
    assert rejects.is_empty()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text('a",\n\r é', max_size=6), min_size=2, max_size=2), max_size=6))
def test_csv_records_are_counted_by_quotes_and_line_ends_alone(rows):
    rows = [row for row in rows if any(row)]
    text = pl.DataFrame(
        {"a": [row[0] for row in rows], "b": [row[1] for row in rows]}, schema={"a": str, "b": str}
    ).write_csv(quote_style="always")
    assert count_csv_records(text.encode()) == (len(rows), False)


def test_json_cut_in_the_middle_keeps_every_whole_record(tmp_path):
    whole = json.dumps(ROWS)
    put(tmp_path, "a.json", whole[: whole.index('"3"') + 8])
    put(tmp_path, "b.jsonl", "\n".join(map(json.dumps, ROWS))[:-9])
    records, rejects, _ = fetched(connector(tmp_path))
    assert records["external_id"].to_list() == ["1", "2", "1", "2"]
    assert rejects["origin"].to_list() == ["in/a.json:3", "in/b.jsonl:3"]


@pytest.mark.parametrize("cut", [1, 2, 3, 60, -1, -2])
def test_a_list_cut_between_its_records_is_said(tmp_path, cut):
    put(
        tmp_path,
        "a.json",
        '[{"id":"1","day":"2026-11-02","text":["x"]}, {"id":"2","day":"2026-11-02","text":"y"}]'[
            :cut
        ],
    )
    _, rejects, batch = fetched(connector(tmp_path, is_snapshot=True))
    assert rejects.height == 1
    assert batch.complete_over is None


def test_what_is_no_json_object_is_a_reject(tmp_path):
    good = json.dumps(ROWS[0])
    nested = "[" * 5000
    put(tmp_path, "a.jsonl", f'{good}\n[1]\nnull\n"x"\nnot json\n{nested}\n{good},{good}\n')
    records, rejects, _ = fetched(connector(tmp_path))
    assert records.height == 1
    assert rejects.height == 6


def test_lines_that_only_together_make_json_move_no_value_to_another_record(tmp_path):
    good = json.dumps(ROWS[0])
    put(tmp_path, "a.jsonl", f'{{"id":"8"}},{{"id":"9"}}\n{{"id":["8"\n"9"]}}\n{good}\n')
    source = connector(tmp_path)
    records, rejects, _ = fetched(source)
    assert records["external_id"].to_list() == ["1"]
    assert rejects.height == 3


@pytest.mark.parametrize("content", [b"", b"id,day,text\n", b"id,day,text", b"\xef\xbb\xbf", b"\n"])
def test_empty_and_header_only_files_have_no_records(tmp_path, content):
    put(tmp_path, "a.csv", content)
    put(tmp_path, "b.json", b"[]" if content else b"")
    put(tmp_path, "c.jsonl", b"")
    put(tmp_path, "d.parquet", b"")
    records, rejects, batch = fetched(connector(tmp_path, is_snapshot=True))
    assert records.is_empty()
    assert rejects.is_empty()
    assert batch.complete_over is None, "an empty folder is no proof that all was deleted"


def test_wrong_encoding_names_file_encoding_and_remedy(tmp_path):
    put(tmp_path, "a.csv", "id,day,text\n1,2026-11-02,café\n".encode("cp1252"))
    with pytest.raises(
        FatalSourceError, match=r"in/a.csv: byte .* line 2 is not utf-8.*windows-1252"
    ):
        fetched(connector(tmp_path))
    records, _, _ = fetched(connector(tmp_path, encoding="windows-1252"))
    assert "café" in records["payload"][0]
    put(tmp_path, "a.csv", "id,day,text\n1,2026-11-02,x\n".encode("utf-16"))
    with pytest.raises(FatalSourceError, match="utf-16"):
        fetched(connector(tmp_path))


def test_a_renamed_column_is_named_with_its_likely_successor_first(tmp_path):
    put(tmp_path, "a.csv", "id,day,texts,other\n1,2026-11-02,x,y\n")
    with pytest.raises(
        FatalSourceError, match=r"no column 'text'; did you mean 'texts'\?.*'texts', 'id'"
    ):
        fetched(connector(tmp_path))
    put(tmp_path, "a.csv", "id;day;text\n1;2026-11-02;x\n")
    with pytest.raises(FatalSourceError, match="separator"):
        fetched(connector(tmp_path))
    assert len(connector(tmp_path).check()) == 1
    assert connector(tmp_path, separator=";").check() == []


def test_json_may_leave_out_what_is_empty_but_not_what_a_record_needs(tmp_path):
    columns = COLUMNS | {"verbatim": ["text", "more"], "region": "region"}
    put(tmp_path, "a.jsonl", "\n".join(map(json.dumps, ROWS)))
    records, _, _ = fetched(connector(tmp_path, columns=columns))
    assert records.height == 3
    put(tmp_path, "a.jsonl", '{"id": "1", "date": "2026-11-02", "text": "x"}\n')
    with pytest.raises(FatalSourceError, match="'day'"):
        fetched(connector(tmp_path, columns=columns))


def test_nul_bytes_and_five_megabytes_do_not_stop_a_file(tmp_path):
    long = "x" * 5_000_000
    put(
        tmp_path,
        "a.csv",
        f"id,day,text\n1,2026-11-02,a\x00b\n2,2026-11-02,{long}\n3,2026-11-02,z\n",
    )
    records, rejects, _ = fetched(connector(tmp_path))
    assert records.height == 3
    assert rejects.is_empty()


def test_a_damaged_archive_or_parquet_file_says_so(tmp_path):
    put(tmp_path, "a.csv.gz", gzip.compress(as_csv(ROWS * 500))[:-40])
    with pytest.raises(FatalSourceError, match=r"a\.csv\.gz.*cut or damaged"):
        fetched(connector(tmp_path))
    (tmp_path / "in" / "a.csv.gz").unlink()
    put(tmp_path, "a.parquet", b"PAR1 and then nothing")
    with pytest.raises(FatalSourceError, match="no whole Parquet"):
        fetched(connector(tmp_path))


REAL = [
    ("surveys/nhs_fft*.parquet", ["Comment ID"], "Date", (), 5096, 289),
    ("social/airline*.parquet", ["tweet_id"], "tweet_created", ("%m/%d/%Y %H:%M",), 14640, 0),
    ("social/twcs*.parquet", ["tweet_id"], "created_at", ("%a %b %d %H:%M:%S %z %Y",), 5001, 1),
    ("surveys/skytrax*.parquet", [], "date", (), 3522, 0),
]  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not here")
@pytest.mark.parametrize(("path", "ids", "day", "formats", "count", "rejected"), REAL)
def test_real_files_balance_to_the_last_row(path, ids, day, formats, count, rejected):
    columns = {"external_id": ids, "occurred_at": [day]}
    source = connector(SHARED, paths=[path], columns=columns, date_formats=formats)
    records, rejects, _ = fetched(source)
    assert (records.height + rejects.height, rejects.height) == (count, rejected)


def test_check_names_what_a_load_would_set_aside_or_empty_once_for_each_remedy(tmp_path):
    put(
        tmp_path,
        "a.csv",
        "id,day,text,stars\n1,2026-11-02,a,5\n2,2026-11-02,b,9\n3,2026-11-02,c,0\n"
        "4,31/31/2026,d,1\n5,30/31/2026,e,1\n",
    )
    score = {"column": "stars", "metric": "rating", "minimum": 1, "maximum": 5}
    dates, scores = connector(tmp_path, score=score).check()
    assert not dates.stops
    assert "2 of 5 set aside, first in/a.csv:5" in dates.told
    assert "2 of 5 would lose the score, first in/a.csv:3: score 9 is off the scale" in scores.told


def test_what_is_set_aside_is_named_by_the_line_that_an_editor_shows(tmp_path):
    put(
        tmp_path,
        "a.csv",
        'id,day,text\n1,2026-11-02,a\n\n2,bad,b\n3,2026-11-02,"x\ny\r\nz"\n4,bad,c\n'
        "5,2026-11-02,d,more\n\n6,x,e\n",
    )
    [batch] = connector(tmp_path).fetch(WIDE, None)
    assert sorted(batch.rejects["origin"]) == [f"in/a.csv:{line}" for line in (11, 4, 8, 9)]
    assert batch.records["origin"].to_list() == ["in/a.csv:2", "in/a.csv:5"]


@pytest.mark.parametrize("content", ["", "id,day,text\n"])
def test_check_names_a_file_without_a_record(tmp_path, content):
    put(tmp_path, "a.csv", content)
    [line] = connector(tmp_path).check()
    assert "no record in it" in line.told
    assert not line.stops
