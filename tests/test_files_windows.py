"""The connector of table files over weeks: what is read again, what is due, what is a deletion."""

import polars as pl
import pytest
from files_source import HISTORY, WIDE, as_csv, at, connector, fetched, put

from connectors.base import Window
from connectors.file_source import BATCH_ROWS
from models.errors import FatalSourceError


def test_a_missing_file_is_an_error_and_an_empty_glob_is_not(tmp_path):
    with pytest.raises(FatalSourceError, match=r"no file 'in/a\.csv'"):
        fetched(connector(tmp_path, paths=["in/a.csv"]))
    records, _, _ = fetched(connector(tmp_path))
    assert records.is_empty()
    assert "no file matches" in connector(tmp_path).check()[0].told


def day_rows(*days):
    return as_csv([{"id": day, "day": day, "text": "x"} for day in days])


def test_unchanged_files_are_skipped_until_their_records_are_due(tmp_path):
    put(tmp_path, "old.csv", day_rows("2026-11-02"))
    put(tmp_path, "over.csv", day_rows("2026-11-03", "2026-11-12"))
    put(tmp_path, "later.csv", day_rows("2026-11-24", "2026-11-25"))
    windows = [Window(None, at(2026, 11, day), HISTORY) for day in (9, 16, 23, 30)]
    cursor, seen = None, []
    for window in windows:
        records, _, batch = fetched(connector(tmp_path), window, cursor)
        seen.append(records["external_id"].to_list())
        cursor = batch.cursor
    assert seen[0] == ["2026-11-24", "2026-11-25", "2026-11-02", "2026-11-03", "2026-11-12"]
    assert seen[1:] == [["2026-11-03", "2026-11-12"], [], ["2026-11-24", "2026-11-25"]]


def test_one_instance_and_new_ones_give_the_same_weeks(tmp_path):
    put(tmp_path, "a.csv", day_rows("2026-11-02", "2026-11-12"))
    one, cursors = connector(tmp_path), [None, None]
    for day in (9, 16, 23):
        window = Window(None, at(2026, 11, day), HISTORY)
        same, _, batch = fetched(one, window, cursors[0])
        new, _, other = fetched(connector(tmp_path), window, cursors[1])
        assert same.equals(new)
        assert batch.cursor == other.cursor
        cursors = [batch.cursor, other.cursor]


def test_other_settings_and_other_content_are_read_again(tmp_path):
    put(tmp_path, "a.csv", day_rows("2026-11-02"))
    _, _, first = fetched(connector(tmp_path))
    assert fetched(connector(tmp_path), cursor=first.cursor)[0].is_empty()
    assert fetched(connector(tmp_path, language="en"), cursor=first.cursor)[0].height == 1
    assert fetched(connector(tmp_path), cursor='{"of": "another kind"}')[0].height == 1
    put(tmp_path, "a.csv", day_rows("2026-11-03"))
    assert fetched(connector(tmp_path), cursor=first.cursor)[0].height == 1


def test_received_at_decides_what_is_due(tmp_path):
    put(tmp_path, "a.csv", "id,day,known\n1,2026-11-02,2026-11-20\n")
    columns = {"external_id": ["id"], "occurred_at": ["day"], "received_at": ["known"]}
    source = connector(tmp_path, columns=columns)
    records, _, first = fetched(source, Window(None, at(2026, 11, 9), HISTORY))
    assert records["received_at"].to_list() == [at(2026, 11, 20)]
    _, _, second = fetched(source, Window(None, at(2026, 11, 16), HISTORY), first.cursor)
    assert second.fetched_count == 0
    assert fetched(source, Window(None, at(2026, 11, 23), HISTORY), second.cursor)[0].height == 1


def test_a_snapshot_is_read_whole_or_not_at_all(tmp_path):
    put(tmp_path, "a.csv", day_rows("2026-11-02"))
    put(tmp_path, "b.csv", day_rows("2026-11-03"))
    source = connector(tmp_path, is_snapshot=True)
    _, _, first = fetched(source)
    assert first.complete_over == (HISTORY, WIDE.end)
    records, _, again = fetched(source, cursor=first.cursor)
    assert records.is_empty()
    assert again.complete_over is None
    (tmp_path / "in" / "b.csv").unlink()
    records, _, third = fetched(source, cursor=again.cursor)
    assert records["external_id"].to_list() == ["2026-11-02"]
    assert third.complete_over == (HISTORY, WIDE.end)


def test_large_files_come_in_batches_and_only_the_last_moves_the_cursor(tmp_path):
    count = 2 * BATCH_ROWS + 5
    pl.select(
        pl.int_range(count).alias("id"),
        pl.lit(at(2026, 11, 2)).alias("day"),
        pl.lit("x").alias("text"),
    ).write_parquet(put(tmp_path, "a.parquet", ""))
    put(tmp_path, "b.csv", day_rows("2026-11-02"))
    batches = list(connector(tmp_path).fetch(WIDE, None))
    assert [batch.fetched_count for batch in batches] == [BATCH_ROWS, BATCH_ROWS, 6]
    assert [batch.cursor is None for batch in batches] == [True, True, False]
