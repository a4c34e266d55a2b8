"""The console's core: events as sentences, rows as people read them."""
