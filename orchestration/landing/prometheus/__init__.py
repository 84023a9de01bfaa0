"""Counters as Prometheus keeps them: read from a server or from saved files, and counted."""
