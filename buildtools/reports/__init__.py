"""Live outputs (consumers of events) and reports (pure renders of a finished run)."""
