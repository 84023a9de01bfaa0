"""Usage and cost reports of vendors: over HTTP, or as responses that somebody saved."""
