"""The work of the programs that look after tables: rewinds, maintenance, tags and checks."""
