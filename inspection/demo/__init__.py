"""The demo: the whole loop on one machine, told as a story."""
