"""Who may read and write which tables, and the grants that make it so (docs/roles.md)."""
