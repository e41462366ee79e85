"""Causes: many findings folded to the few reasons behind them, each with an owner and what to do.

`fold` is pure: it takes the figures that the store gathers when a review is written, and gives the same
causes for them every time. Every error belongs to exactly one cause, so that what a cause folds can be
counted, and what is left when it is put right.
"""
