"""The notifier's handlers of events, scheduled items and answers by link, and its delivery loop."""
