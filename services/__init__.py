"""The four services of Baton and its command line."""
