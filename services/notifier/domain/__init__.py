"""The notifier's core: who is told what, in which words."""
