"""What people ask and order of districts, and what is deleted in time."""
