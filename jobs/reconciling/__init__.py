"""The wiring of the audit: from settings and tables to what it found of usage and of charges."""
