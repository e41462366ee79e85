"""What people ask and order: districts, plans, dry runs, rollbacks, dead letters."""
