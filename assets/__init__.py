"""WIRING. The only place that knows Dagster, and the only place that knows the order.

A stage's body reads, calls one engine function, writes, and reports counts: one module a stage
(`raw`, `feedback`, ... `mart`). `stage` turns a body into an asset, `checks` block bad rows,
`automation` has the schedule and the sensor, `definitions` is what the Dagster UI loads, `launch`
runs the same job in this process, `command_line` is `voc`. A decision does not belong here.
"""
