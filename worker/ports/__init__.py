"""What the stages ask of the outside world; `worker.adapters` answers."""
