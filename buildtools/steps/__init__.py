"""The built-in step plugins, written by the same protocol as anybody else's."""
