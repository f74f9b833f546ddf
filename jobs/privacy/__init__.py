"""The gateway that keeps personal data out of what is metered, and its keys."""
