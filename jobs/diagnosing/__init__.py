"""What `jobs.doctor` looks at: checks with one signature, each of which leaves the others alone."""
