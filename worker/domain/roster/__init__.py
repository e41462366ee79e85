"""The roster: records as they are staged, the section filter, terms, and digests."""
