"""What carries runs beyond the life of a process: the durable engine, and who takes over from a process that died."""
