"""ACTIONS. What was decided, who answers for it, what came of it, and whether it worked.

Reading order: `register` (the reviewed text `actions.toml`, its entries and its errors with their
line), `editing` (a step added to that text, comments and order kept), `states` (what was known as
of a week), `lineage` (where an issue is now: merges, splits, rebuilds), `fix_verdicts` (an issue's
weeks after an action took effect against what was to come without it).

This room may read `trends`, whose counterfactual it uses. It never touches the register of issues.
"""
