"""The benchmark: Twinledger against a bare DuckDB script that computes the same daily totals."""
