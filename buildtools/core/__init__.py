"""The vocabulary shared by every room: values, events, the step protocol, errors. Knows only msgspec."""
