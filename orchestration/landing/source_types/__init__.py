"""One module a source type; each defines `SOURCE_TYPE`."""
