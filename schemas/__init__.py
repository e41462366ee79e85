"""The wire: what Clever sends us and what we publish, as frozen models. Imports nothing of ours."""
