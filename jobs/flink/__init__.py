"""What knows PyFlink: the environment, the fixed plan, the keyed stage and the sinks."""
