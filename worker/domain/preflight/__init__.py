"""The preflight: checks, guards, the policy, the window of a batch, and the decision."""
