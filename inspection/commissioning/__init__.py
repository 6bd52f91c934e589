"""Setting a station up: which camera, its settings, its light, and whether all is ready."""
