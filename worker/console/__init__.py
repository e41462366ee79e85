"""What is served over HTTP: probes, metrics, and a page to look at."""
