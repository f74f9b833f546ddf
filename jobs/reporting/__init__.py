"""What the tables say about usage, corrections and the fate of every record."""
