"""The outside world of the router: what each source sends, how it is verified, read and answered. Pure functions."""
