"""The wiring of the audit: from settings and tables to what it found."""
