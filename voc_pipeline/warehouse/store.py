"""The warehouse file: opened here and nowhere else; a partition is replaced in one transaction.

Readers of the company never open this file: it is locked while a run writes, and it holds what
was received before masking. They open the published one (`publish`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from models.errors import ConfigurationError, ContractError
from models.ledger import StagePartition
from models.table import TableRow
from voc_pipeline.warehouse.schema import (
    DERIVED_TABLES,
    SCHEMA_VERSION,
    STORAGE_VERSION,
    TABLES,
    columns,
    create_statements,
    polars_schema,
)

WAREHOUSE_FILE = "warehouse.duckdb"


def digest(*parts: object) -> str:
    """BLAKE2b-128 of the parts' texts, hexadecimal; order matters."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(str(part).encode("utf-8", "surrogatepass"))
        state.update(b"\x1f")
    return state.hexdigest()


def frame_hash(frame: pl.DataFrame) -> str:
    """BLAKE2b-128 of a frame's rows in the order they have: of the values, not of their buffers.

    Equal frames that were computed in other ways lie otherwise in memory.
    """
    state = blake2b(",".join(frame.columns).encode(), digest_size=16)
    for series in frame.iter_columns():
        for part in _content(series):
            state.update(part)
    return state.hexdigest()


def _content(series: pl.Series) -> Iterator[bytes]:
    """The series as bytes: its kind, its length, where it is null, and the values that are not."""
    yield f"{series.dtype}|{len(series)}|{series.null_count()}|".encode()
    if series.null_count():
        yield series.is_null().to_numpy().tobytes()
        series = series.drop_nulls()
    if isinstance(series.dtype, pl.List):
        yield series.list.len().to_numpy().tobytes()
        yield from _content(series.explode(empty_as_null=False))
    elif series.dtype == pl.String:
        yield series.str.len_bytes().to_numpy().tobytes()
        yield str(series.str.join("").item()).encode()
    else:
        yield series.to_physical().to_numpy().tobytes()


class Warehouse:
    """An open warehouse. Get one from `open_warehouse`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def query(
        self, sql: str, parameters: Sequence[Any] = (), **frames: pl.DataFrame
    ) -> pl.DataFrame:
        """The rows of a query; `frames` are tables of that name while it runs."""
        with self._registered(frames):
            found: pl.DataFrame = self._connection.sql(sql, params=list(parameters)).pl()
            return found

    def execute(self, sql: str, parameters: Sequence[Any] = (), **frames: pl.DataFrame) -> None:
        """Run a statement; `frames` are tables of that name while it runs."""
        with self._registered(frames):
            self._connection.execute(sql, list(parameters))

    @contextmanager
    def _registered(self, frames: Mapping[str, pl.DataFrame]) -> Iterator[None]:
        for name, frame in frames.items():
            self._connection.register(name, frame.to_arrow())
        try:
            yield
        finally:
            # A failed statement has aborted the transaction, and with it this statement too.
            with suppress(duckdb.TransactionException):
                for name in frames:
                    self._connection.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, also when the process is killed."""
        self._connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, model: type[TableRow], where: str = "TRUE", *parameters: object) -> pl.DataFrame:
        """Rows of a table in the order of its grain."""
        names = ", ".join(f'"{name}"' for name in columns(model))
        grain = ", ".join(f'"{name}"' for name in model.grain)
        found = self.query(
            f"SELECT {names} FROM {model.table} WHERE {where} ORDER BY {grain}",
            parameters,
        )
        return found.cast(polars_schema(model))

    def record(
        self, model: type[TableRow], where: str, *parameters: object
    ) -> dict[str, Any] | None:
        """The one row that `where` names, by column, or None: in half the time of a frame."""
        names = columns(model)
        selected = ", ".join(f'"{name}"' for name in names)
        rows = self._connection.execute(
            f"SELECT {selected} FROM {model.table} WHERE {where}", list(parameters)
        ).fetchall()
        return dict(zip(names, rows[0], strict=True)) if rows else None

    def append(self, model: type[TableRow], frame: pl.DataFrame) -> None:
        """Add rows. Raises ContractError if the frame's columns are not the model's."""
        if frame.is_empty():
            return
        expected = polars_schema(model)
        if set(frame.columns) != set(expected.names()):
            wrong = sorted(set(frame.columns) ^ set(expected.names()))
            raise ContractError(
                f"table {model.table}: columns {wrong} are missing or unknown; "
                f"mend the stage or models for {model.__name__}"
            )
        names = ", ".join(f'"{name}"' for name in expected.names())
        try:
            self.execute(
                f"INSERT INTO {model.table} ({names}) SELECT {names} FROM incoming",
                incoming=frame.select(expected.names()).cast(expected),
            )
        except duckdb.ConstraintException as error:
            raise ContractError(
                f"table {model.table}: a column that is never null is null; mend the stage"
            ) from error

    def replace(
        self, model: type[TableRow], frame: pl.DataFrame, where: str, *parameters: object
    ) -> None:
        """Replace the rows that `where` names by the frame's, in the caller's transaction."""
        self.execute(f"DELETE FROM {model.table} WHERE {where}", parameters)
        self.append(model, frame)

    def stage(
        self,
        name: str,
        week: date,
        *,
        version: int,
        inputs: Mapping[str, str],
        settings: object = "",
    ) -> "Stage":
        """The books of one stage's week: is it current, and the write that makes it so."""
        fingerprint = digest(name, version, *sorted(inputs.items()), settings)
        return Stage(self, name, week, fingerprint)

    def value(self, sql: str, *parameters: object) -> Any:  # noqa: ANN401
        """The one value of a query, or None; fetched to the end, which DuckDB 2 asks for."""
        rows = self._connection.execute(sql, list(parameters)).fetchall()
        return rows[0][0] if rows else None

    def recall(self, name: str) -> str | None:
        """A fact remembered about this warehouse, or None."""
        found = self.value("SELECT value FROM warehouse_identity WHERE name = ?", name)
        return None if found is None else str(found)

    def remember(self, name: str, value: str) -> None:
        """Remember a fact about this warehouse, in the caller's transaction."""
        self.execute("DELETE FROM warehouse_identity WHERE name = ?", [name])
        self.execute("INSERT INTO warehouse_identity VALUES (?, ?)", [name, value])

    def output_hash(self, stage: str, week: date) -> str:
        """Hash of what a stage wrote for a week; empty if it has not run."""
        found = self.value(
            "SELECT output_hash FROM stage_partitions WHERE stage = ? AND week_start = ?",
            stage,
            week,
        )
        return str(found or "")

    def history_hash(self, stage: str, week: date) -> str:
        """Hash of all that a stage wrote up to a week, the week included."""
        found = self._connection.execute(
            "SELECT week_start, output_hash FROM stage_partitions "
            "WHERE stage = ? AND week_start <= ? ORDER BY week_start",
            [stage, week],
        ).fetchall()
        return digest(*found)

    def latest_week(self, stage: str) -> date | None:
        """The latest week that a stage has run for."""
        found = self.value("SELECT max(week_start) FROM stage_partitions WHERE stage = ?", stage)
        return found if isinstance(found, date) else None


@dataclass(frozen=True)
class Stage:
    """One stage's week: skip it if `is_current`, else `write` its tables and its fingerprint."""

    warehouse: Warehouse
    name: str
    week: date
    fingerprint: str

    @property
    def has_run(self) -> bool:
        """True if the week has a partition of this stage, whatever it was made from."""
        return bool(self.warehouse.output_hash(self.name, self.week))

    @property
    def is_current(self) -> bool:
        """True if the partition was made from the same rows, settings and code."""
        found = self.warehouse.value(
            "SELECT fingerprint FROM stage_partitions WHERE stage = ? AND week_start = ?",
            self.name,
            self.week,
        )
        return bool(found == self.fingerprint)

    def write(self, frames: Mapping[type[TableRow], pl.DataFrame]) -> int:
        """Replace the week's partition of each table, and the fingerprint, in one transaction.

        Returns:
            Rows written.
        """
        with self.warehouse.transaction():
            for model, frame in frames.items():
                self.warehouse.replace(model, frame, f"{model.partition} = ?", self.week)
            return self.record(frames)

    def record(self, frames: Mapping[type[TableRow], pl.DataFrame]) -> int:
        """Note fingerprint and output in the caller's transaction; returns the rows noted."""
        written = [
            frame.select(columns(model)).sort(model.grain) for model, frame in frames.items()
        ]
        return self.note(*written)

    def note(self, *written: pl.DataFrame) -> int:
        """As `record`, for rows that are known by their keys and hashes, in their own order."""
        count = sum(frame.height for frame in written)
        noted = pl.DataFrame(
            {
                "stage": [self.name],
                "week_start": [self.week],
                "fingerprint": [self.fingerprint],
                "output_hash": [digest(*(frame_hash(frame) for frame in written))],
                "row_count": [count],
            }
        )
        self.warehouse.replace(
            StagePartition, noted, "stage = ? AND week_start = ?", self.name, self.week
        )
        return count


@contextmanager
def open_warehouse(home: Path, identity: Mapping[str, str]) -> Iterator[Warehouse]:
    """Open the home's warehouse, made if absent.

    Args:
        home: folder of the deployment.
        identity: what a home keeps for good (company, time zone, key fingerprint, ...), compared
            with what the file was made with.

    Raises:
        ConfigurationError: the home was made by other settings, or by a newer program.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / WAREHOUSE_FILE
    try:
        connection = duckdb.connect(
            str(path),
            config={"storage_compatibility_version": STORAGE_VERSION, "threads": 2},
        )
    except duckdb.IOException as error:
        raise ConfigurationError(
            f"{path} cannot be opened: another program holds it, or it is no DuckDB file; "
            "close that program (analysts open voc.duckdb, never this file)"
        ) from error
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = true")
        _prepare(connection, path, identity)
        yield Warehouse(connection, path)
    finally:
        connection.close()


def _prepare(
    connection: duckdb.DuckDBPyConnection, path: Path, identity: Mapping[str, str]
) -> None:
    """Make absent tables, refuse another company's home, rebuild after a change of schema."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS warehouse_identity "
        "(name VARCHAR NOT NULL, value VARCHAR NOT NULL)"
    )
    known = dict(connection.execute("SELECT name, value FROM warehouse_identity").fetchall())
    found = int(known.get("schema_version", SCHEMA_VERSION))
    if found > SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path} has schema version {found}, this program knows {SCHEMA_VERSION}: "
            "run the newer program"
        )
    for name, value in identity.items():
        if name in known and known[name] != value:
            raise ConfigurationError(
                f"{path} was made with {name} = {known[name]!r}, the settings now say {value!r}: "
                "restore the setting, or use another home (--home DIR)"
            )
    if known and found == SCHEMA_VERSION and set(identity) <= set(known):
        return
    connection.execute("BEGIN TRANSACTION")
    if found < SCHEMA_VERSION:
        for model in DERIVED_TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {model.table}")
    for model in TABLES:
        for statement in create_statements(model):
            connection.execute(statement)
    fresh = {**identity, "schema_version": str(SCHEMA_VERSION)}
    for name in fresh:
        connection.execute("DELETE FROM warehouse_identity WHERE name = ?", [name])
    connection.executemany("INSERT INTO warehouse_identity VALUES (?, ?)", [*fresh.items()])
    connection.execute("COMMIT")
