"""Service levels: what they are measured from, and how people and machines are shown them."""
