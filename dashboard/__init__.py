"""The dashboard: what the published marts say, on one page."""
