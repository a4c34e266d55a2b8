"""The notifier's tables, and the queries on them."""
