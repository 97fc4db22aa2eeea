"""Benchmarks: each module prints its figures as JSON; none of them is imported by the program."""
