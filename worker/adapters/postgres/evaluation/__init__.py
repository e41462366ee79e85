"""One evaluation in one transaction: its window, both sides of the roster, findings and decision."""
