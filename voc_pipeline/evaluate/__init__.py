"""Evaluate: the program's own measures, on a labelled file of ours or of a user.

Here labelled texts are taken through the same functions that a weekly run uses, and what comes out
is compared with what people said. Nothing here changes how issues are found, and nothing reads a
file: `voc eval` in assets does, and it measures time and memory, as the engine has no clock.
"""
