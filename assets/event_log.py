"""Dagster's event log in SQLite, with connections that stay open.

Dagster opens, syncs, checkpoints and closes a database for every event, and compiles the same
statements each time: a sixth of a backfill's time. Here: how a shard is connected to. Not here:
what is stored, which stays Dagster's.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

OPEN_SHARDS = 4
"""Databases kept open: the index, the current run, a few that a page of the UI looks at."""


class PatientEventLog(SqliteEventLogStorage):
    """SQLite event log whose shards keep one engine each for as long as they are in use.

    Commits are not synced one by one (WAL, `synchronous=NORMAL`): a killed process loses nothing,
    a power cut at most the last events, never the database.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PatientEventLog":  # noqa: ANN401
        """The storage that dagster.yaml asks for."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table; one that is there stays, and is asked for once."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        """The shard's engine; the one longest unused gives way."""
        if shard not in self._engines:
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
            )
            event.listen(self._engines[shard], "connect", _without_sync)
            if len(self._engines) > OPEN_SHARDS:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def dispose(self) -> None:
        """Close what is open."""
        for engine in self._engines.values():
            engine.dispose()
        super().dispose()


def _without_sync(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DB-API connection
    connection.execute("PRAGMA synchronous=NORMAL")
