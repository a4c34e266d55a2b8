"""The console's tables, and functions named for the answer they give; one file for each noun."""
