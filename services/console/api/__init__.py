"""The console's HTTP doors: the pages, their streams, and the sign-in."""
