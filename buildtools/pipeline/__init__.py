"""What the user wrote: the pipeline file, its values and plugins, as typed values with places."""
