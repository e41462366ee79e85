"""Single mistakes, each made at a small district that was committed, and what the review must say of it."""
