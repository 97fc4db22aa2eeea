"""TRENDS. From mentions to weekly counts, from counts to a range, from the range to a verdict.

Reading order: `counts` (zero weeks are rows), `exposure` (the mix of sources), `negative_binomial`
(the one distribution), `filter` (what a week should have brought), `scan` (how surprising the week
is), `alarms` (what of it is told), `direction` (rising, declining, resolved), `verdicts` (one word
a week and issue), `reasons` (why, in words), `backtest` (how all that held); beside them the
reference methods `farrington` and `ears`, and `breakdown` (where an excess sits).
Frames in, frames out: no clock, no files, no randomness but the fixed points of `scan`.
"""
