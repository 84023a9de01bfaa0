"""Landing: files, APIs and databases become an append-only Parquet lake with manifests."""
