"""The notifier's tables, and functions named for the answer they give."""
