"""Keeps the candidate roster and the findings true to the staged roster.

`refresh` takes what a batch changed and works out what else that touches; `refresh_all` takes the whole
district, in chunks. Both go through the same four steps, each in its own module and each once over the
ids it is given: sections (which does the filter keep?), students, classes, and the teachers and schools
that those need. A step writes only what differs, and tells the tally.
"""
