"""The machine as the rest sees it: child processes, files, git, which CI system this is."""
