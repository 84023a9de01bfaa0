"""Dagster: the same job as the command line's, as assets, checks, schedules and a sensor."""
