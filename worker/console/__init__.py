"""The console: probes, metrics and pages, served over HTTP."""
