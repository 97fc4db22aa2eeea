"""TRENDS. From mentions to weekly counts, from counts to a range, from the range to a verdict.

Reading order: `counts` (zero weeks are rows), `exposure` (the mix of sources), `negative_binomial`
(the one distribution), `filter` (what a week should have brought; `filter_pool`: how series begin),
`scan` (how surprising the week is), `alarms` (what of it is told), `direction` (rising, declining,
resolved), `verdicts` (one word a week and issue), `reasons` (why, in words), `backtest` (how all
that held); beside them the reference methods `farrington` and `ears`. Where an excess sits:
`breakdown` (counts by cell), `places` (cells searched), `patterns` (accounts, hours, batches),
`terms` (new words). The data itself: `lag` (what is still to come), `supplied` (orders or
customers), `notices`.
Frames in, frames out: no clock, no files, no randomness but the fixed points of `scan`.
"""
