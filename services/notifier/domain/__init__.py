"""The notifier's core: who is notified of what, and in which words."""
