"""Where the records of a CSV file start, and how many there are, apart from reading them."""

import csv
import io
import sys
from collections.abc import Iterator

import numpy as np
import polars as pl

_LARGEST_NUMBERED = 1 << 28
"""Bytes of a file whose lines are counted one by one: beyond, records are."""
_COUNT_CHUNK = 1 << 24


def count_csv_records(content: bytes) -> tuple[int, bool]:
    """Records after the header, by quotes and line ends alone; and whether a quote stays open.

    Blank lines are no records. A quote in the middle of an unquoted value misleads it: then the
    standard library's reader counts.
    """
    count, is_open, was_end = -1, False, True
    for start in range(0, len(content), _COUNT_CHUNK):
        part = np.frombuffer(content, np.uint8, min(_COUNT_CHUNK, len(content) - start), start)
        inside = np.logical_xor.accumulate(part == ord('"')) ^ is_open
        is_end = ((part == ord("\n")) | (part == ord("\r"))) & ~inside
        before = np.concatenate(([was_end], is_end[:-1]))
        count += int((~is_end & before).sum())
        is_open, was_end = bool(inside[-1]), bool(is_end[-1])
    return count, is_open


def record_lines(content: bytes, ordinals: pl.Series) -> pl.Series:
    """The line on which each record starts; its ordinal where quotes and line ends mislead."""
    if len(content) > _LARGEST_NUMBERED or content.rstrip().count(b"\n") == len(ordinals):
        return ordinals  # a record a line, as nearly always
    signs = np.frombuffer(content, np.uint8)
    is_feed, is_return = signs == ord("\n"), signs == ord("\r")
    inside = np.logical_xor.accumulate(signs == ord('"'))
    is_end = (is_feed | is_return) & ~inside
    starts = np.flatnonzero(~is_end & np.concatenate(([True], is_end[:-1])))[1:]
    breaks = np.flatnonzero(is_feed | (is_return & ~np.append(is_feed[1:], False)))
    if len(starts) != len(ordinals):
        return ordinals
    return pl.Series("number", 1 + np.searchsorted(breaks, starts), dtype=pl.Int64)


def count_slowly(text: str, separator: str) -> tuple[int, bool]:
    """As `count_csv_records`, by the standard library's reader."""
    end = "\x1eend"
    count, last = -1, [end]
    for row in csv_reader(f"{text}\n{end}", separator):
        count += bool(row)
        last = row or last
    return (count, True) if last != [end] else (count - 1, False)


def csv_reader(text: str, separator: str) -> Iterator[list[str]]:
    """Rows as the standard library reads them, values of any length."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    finally:
        csv.field_size_limit(limit)
