"""What every process needs: errors, loops, logs, metrics, traces."""
