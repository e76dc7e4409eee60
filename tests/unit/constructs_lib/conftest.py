"""A stand-in for the stack's Lambda provider, where the real one is not wanted."""
