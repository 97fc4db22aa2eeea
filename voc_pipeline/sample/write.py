"""The simulated sources as files, a file a source and week, and the truth beside them.

The one module of the engine that writes files: writing the sample is its job. A file whose content
would not change is left alone, so that simulating more weeks only adds files.
"""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from voc_pipeline.sample.company import SimulatedCompany

_NOTICE = """Simulated company, simulated customers: nothing here was said by a real person.

sources/   what the company's systems would hand over; every record carries note = simulated
company/   its customers, and its orders by week
truth/     what was planted, for tests: no part of the pipeline reads it
"""


def write_company(company: SimulatedCompany, folder: Path) -> None:
    """Writes sources/<source>/..., company/*.csv and truth/*.parquet into the folder.

    Files of weeks that are not simulated are not touched.
    """
    for source_id, records in company.sources.items():
        for week in records["received_week"].unique().sort():
            rows = records.filter(received_week=week).drop("received_week")
            home = folder / "sources" / source_id
            if source_id == "recorded_calls":
                for name, body in rows.select("file_name", "body").iter_rows():
                    _put(home / name, body.encode())
                continue
            ending, encode = _FORMATS[source_id]
            _put(home / f"simulated_{source_id}_{week}.{ending}", encode(rows))
    for name, frame in company.truth.items():
        _put(folder / "truth" / f"{name}.parquet", _parquet(frame))
    _put(folder / "company" / "customers.csv", _csv(company.customers))
    _put(folder / "company" / "orders.csv", _csv(company.orders))
    _put(folder / "SIMULATED.txt", _NOTICE.encode())


def _csv(rows: pl.DataFrame) -> bytes:
    return rows.write_csv().encode()


def _semicolon_csv(rows: pl.DataFrame) -> bytes:
    return rows.write_csv(separator=";").encode("cp1252")


def _json_lines(rows: pl.DataFrame) -> bytes:
    return rows.write_ndjson().encode()


def _zipped_json_lines(rows: pl.DataFrame) -> bytes:
    return gzip.compress(_json_lines(rows), mtime=0)


def _json(rows: pl.DataFrame) -> bytes:
    return json.dumps(rows.to_dicts(), ensure_ascii=False, indent=0).encode()


def _parquet(rows: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    rows.write_parquet(content)
    return content.getvalue()


_FORMATS: dict[str, tuple[str, Callable[[pl.DataFrame], bytes]]] = {
    "survey": ("csv", _csv),
    "tickets": ("jsonl.gz", _zipped_json_lines),
    "app_reviews": ("jsonl", _json_lines),
    "social": ("parquet", _parquet),
    "complaints": ("csv", _semicolon_csv),
    "chat": ("json", _json),
    "call_log": ("csv", _csv),
}


def _put(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
