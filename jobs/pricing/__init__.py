"""The parts of the pricing job: what it reads, one run, and what it says of it."""
