"""ISSUES. From problem segments to a register of specific problems that keep their names.

segments and problems: feedback to thoughts, and which tell of a problem. vectors: their numeric
form. registry: one week forward (`register_week` has the rules, `standing` one issue, `evidence`
the window as arrays), by discovery and emergence. labels: names and quotes. functions: owners.
Counting issues over weeks is the room `trends`.
"""
