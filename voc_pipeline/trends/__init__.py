"""TRENDS. From mentions to weekly counts, from counts to a range, from the range to a verdict.

Reading order: `counts` (zero weeks are rows), `negative_binomial` (the one distribution),
`filter` (what a week should have brought), `scan` (how surprising the week is), `direction`
(rising, declining, resolved), `verdicts` (one word a week and issue), `reasons` (why, in words).
Frames in, frames out: no clock, no files, no randomness but the fixed points of `scan`.
"""
