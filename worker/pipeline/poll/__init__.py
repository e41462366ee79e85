"""Reads connected districts from Clever: who they are, each one whole, and its feed for ever.

`listing` keeps the list of connected districts; `turn` does a piece of one district's work, which is its
`feed`, and its `baseline` where one is wanted. What is read becomes events on the broker and records of a
baseline in the store; nothing here stages or decides.
"""
