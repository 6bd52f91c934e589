"""Painting defects on pictures of good parts."""
