"""Reference data that timer and notifier keep from `baton.agreement`: versions of the agreement, and people."""
