"""The rostering worker: Clever events in, commits and sharing-rule reviews out."""
