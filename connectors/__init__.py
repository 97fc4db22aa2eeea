"""EDGE. All that talks to the outside: one module per kind of source, entered in REGISTRY.

A connector keeps the protocol of `base`: a window in, raw records out in batches, the mapping to
feedback pure and apart. It knows no Dagster, opens no DuckDB, keeps no state and decides nothing
about what is new; the load does. A kind is complete when its settings are in `models.source`, its
class is in REGISTRY, and it passes the exam in tests/test_connector_exam.py. Reading order:
`base`, `client` (HTTP manners), then one kind.
"""

from pathlib import Path

from connectors.base import Connector
from connectors.call_records import CallRecordsConnector
from connectors.cfpb import CfpbConnector
from connectors.files import FilesConnector
from connectors.transcripts import TranscriptsConnector
from models.source import Source

REGISTRY: dict[str, type[Connector]] = {
    "files": FilesConnector,
    "transcripts": TranscriptsConnector,
    "call_records": CallRecordsConnector,
    "cfpb": CfpbConnector,
}


def connect(source: Source, home: Path, time_zone: str) -> Connector:
    """The connector of a source; nothing is asked or read yet.

    Raises:
        ConfigurationError: a setting that only the kind can judge is wrong.
    """
    return REGISTRY[source.kind](source, home, time_zone)
