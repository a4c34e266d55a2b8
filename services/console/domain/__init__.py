"""The console's domain: events as sentences and rows, rows as the pages show them."""
