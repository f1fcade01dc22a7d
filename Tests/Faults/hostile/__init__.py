"""Hostile callers and providers beside honest ones. See docs/faults.md."""
