"""The test-only BigQuery server; `python -m tests.bigquery.server --help`."""
