"""Order, execution, events and the record of a run."""
