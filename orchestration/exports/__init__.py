"""What leaves the published marts in the formats of others."""
