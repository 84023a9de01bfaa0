"""What the command line offers, one module a command; heavy libraries are imported when used."""
