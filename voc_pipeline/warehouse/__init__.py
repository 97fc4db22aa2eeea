"""The only room that opens DuckDB.

`schema` derives tables from the models, `store` replaces partitions in one transaction, `knowledge`
asks what was known as of a week, `heard` reads it once for all weeks of a run, `soundness` finds
broken promises, `publish` writes the analysts' file beside the old one and moves it into place.
"""

from voc_pipeline.warehouse.store import Stage, Warehouse, open_warehouse

__all__ = ["Stage", "Warehouse", "open_warehouse"]
