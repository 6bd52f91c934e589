"""Fitting a network to examples."""
