"""The console's routes: live board, lead page, their streams, and the sign-in."""
