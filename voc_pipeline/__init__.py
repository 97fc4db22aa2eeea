"""ENGINE. Frames in, frames out: no Dagster, no network, no clock, no global randomness.

The flow, stage by stage; each is an asset, a table and a module of the same name:

    raw -> feedback -> segments -> vectors -> issues -> mentions -> curation -> trends -> actions
    -> scores -> report -> mart

The rooms do not import one another (but actions reads trends); they meet in tables, whose columns
are in `models`:

    warehouse/  the only room that opens DuckDB: partitions replaced whole, the analysts' file
    feedback/   raw -> one conformed, masked row per act of speaking
    issues/     segments, vectors, discovery, the register, labels
    trends/     counts with zeros, the expected range, verdicts
    actions/    the register of actions, where its issues are now, whether fixes worked
    customers/  survey scores with their intervals, the issues that go with them
    report/     a report is a frozen value, then a page
    sample/     the simulator behind the demo
"""

FLOW = (
    "raw",
    "feedback",
    "segments",
    "vectors",
    "issues",
    "mentions",
    "curation",
    "trends",
    "actions",
    "scores",
    "report",
    "mart",
)
