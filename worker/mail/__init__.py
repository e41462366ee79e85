"""Composing: from values and templates in files to the subject, the text and the HTML of an e-mail."""
