"""GROUND. What things are: records, settings, errors, the week.

Pydantic and the standard library only. Every field is described, and the description becomes
the column's comment in DuckDB. Reading order: `week`, `table`, `settings`, `source`, then one
module a stage: `raw`, `feedback`, `segment`, `issue`, `mention`, `trend`, `action`, `report`.
"""
