"""Whether usage, charges, ledger and invoices add up, told from the tables' rows alone, in SQL."""
