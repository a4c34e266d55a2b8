"""The command line's tools, one file for each group of commands."""
