"""The deployment files are checked against the code that they run."""
