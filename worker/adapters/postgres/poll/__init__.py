"""What reading districts from Clever keeps: connections, locks of feeds, baselines."""
