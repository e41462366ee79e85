"""The rules: pure functions over plain values. No async, clock, log, settings or I/O in here."""
