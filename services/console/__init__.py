"""The console service: live pages of leads, clocks and notices."""
