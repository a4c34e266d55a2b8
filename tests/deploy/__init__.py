"""The files that run Baton elsewhere, held against the code that they run."""
