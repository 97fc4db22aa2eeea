"""The book of what was sent to whom: written before anything leaves, and after the answer."""

from datetime import date

import polars as pl

from models.delivery import Addressee, Delivery
from voc_pipeline.warehouse.schema import polars_schema
from voc_pipeline.warehouse.store import Warehouse


def known_delivery(warehouse: Warehouse, week: date, to: Addressee) -> Delivery | None:
    """What the book says of a week and a recipient; None: nothing was tried."""
    rows = warehouse.rows(
        Delivery, "week_start = ? AND way = ? AND recipient = ?", week, to.way, to.recipient
    )
    return Delivery.model_validate(rows.row(0, named=True)) if rows.height else None


def deliveries_of(warehouse: Warehouse, week: date) -> list[Delivery]:
    """All that was tried for a week, by way and recipient."""
    rows = warehouse.rows(Delivery, "week_start = ?", week)
    return [Delivery.model_validate(row) for row in rows.iter_rows(named=True)]


def note_delivery(warehouse: Warehouse, delivery: Delivery) -> None:
    """Replace the line of a week and a recipient, at once and for good."""
    row = pl.DataFrame([delivery.model_dump()], schema=polars_schema(Delivery))
    where = "week_start = ? AND way = ? AND recipient = ?"
    with warehouse.transaction():
        warehouse.replace(
            Delivery, row, where, delivery.week_start, delivery.way, delivery.recipient
        )
