"""Light becomes a frame: cameras, and what stands in for them."""
