"""What usage costs, once more: from the price files and rows of usage, sharing nothing with pricing."""
