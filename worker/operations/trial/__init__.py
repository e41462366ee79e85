"""What a section filter would do, counted in one snapshot of a district, without a lock.

Sections are ranked in columns, and students counted by the lists of those that are kept. What the last
evaluation made of a student, class, teacher or school stands; what the filter changes of it is worked out.
Students who come into scope are judged by the rules of the preflight.
"""
