"""Suggestions: the section filters that would give a district's students one class each.

A `survey` holds the district in columns; `schools` finds the best small set of rules for the students of each
school, `district` merges them and ranks what comes of it, `finding` is the way in.
"""
