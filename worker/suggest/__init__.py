"""What is counted over a district's sections and who sits in them, above all the filters to suggest.

A `picture` holds the district in columns, for counts, for tables of sections and for searches; a `survey`
is the part of it that a search counts over. `schools` finds the best small set of rules for the students of
each school, `search` merges them and ranks what comes of it, `service` is the way in.
"""
