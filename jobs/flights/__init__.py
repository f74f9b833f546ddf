"""The demo's usage: every departure from New York in 2013, as received by a metering service."""
