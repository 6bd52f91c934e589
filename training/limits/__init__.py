"""Choosing limits: from costs and from known parts, with what is known for sure."""
