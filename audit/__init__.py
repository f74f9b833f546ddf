"""The second opinion: works out again, from what was received, what the product must have written.

Nothing here is imported from `schemas`, `udfs`, `iceberg` or `jobs`, on purpose: an error of theirs
must not be an error here. Where a rule can be written in two ways, this is the other one.
"""
