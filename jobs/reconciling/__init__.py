"""What a reconciliation of charges is made of: reading, checking, keeping what was found."""
