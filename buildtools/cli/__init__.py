"""What a person types: one short module a command, nothing computed here."""
