"""What a bundle does on known parts: figures, limits, and the gate that models must pass."""
