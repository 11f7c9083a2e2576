"""CI build steps with a gate that never lies and deployments that can be undone."""

__version__ = "0.1.0"
