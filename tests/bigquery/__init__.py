"""BigQuery on loopback: GoogleSQL itself behind the REST routes that dbt and the client use."""
