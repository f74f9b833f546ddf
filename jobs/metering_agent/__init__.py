"""The agent that meters one pod: reads its control group, keeps events on disk, delivers them."""
