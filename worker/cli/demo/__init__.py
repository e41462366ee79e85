"""The whole story of one district, told by a real worker: what `rostering demo` shows.

`folder` keeps the data folder, which begins afresh each time; `live` lets things happen in the sandbox's
Clever and waits for what the worker says; `consumer` applies the commits as a product would; `coverage`
is what a section filter does for the students; `telling` is what a person sees. `story` is the order of it
all, `arrival`, `days` and `people` are its chapters, and `scene` is what these share.
"""
