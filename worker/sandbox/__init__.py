"""A Clever of our own: invented districts as Clever gives them, and their days as Clever's events.

`ids` makes identifiers, addresses and timestamps; `names` invents people, schools and courses; `district`
generates, writes and reads whole districts; `changes` edits a district and tells it as events.
"""
