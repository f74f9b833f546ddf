"""What usage costs, once more: from price files and rows of usage, sharing nothing with pricing."""
