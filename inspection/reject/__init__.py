"""Reject outputs: a verdict moves a gate."""
