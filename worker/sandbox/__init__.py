"""A Clever of our own: invented districts as Clever gives them, their days as Clever's events, a server.

Districts: `ids` makes identifiers, addresses and timestamps; `names` invents people, schools and courses;
`classes` puts students into classes; `shelf` keeps records as JSON; `district` generates, writes and reads
whole districts. What happens to them, told as events: `changes` to one student or section, `upheavals` and
`rollover` to all of a district. `truth` works out the roster that ought to be committed.

Server: `world` gives districts feeds and tokens; `paging`, `limits` and `api` answer as Clever does;
`faults` spoils answers; `orders`, `commands` and `control` take orders; `server` puts it all behind HTTP.
"""
