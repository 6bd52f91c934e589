"""The watch: records in, charts and signals out; a process of its own that the line never sees."""

from inspection.watch.watch import Watch

__all__ = ["Watch"]
