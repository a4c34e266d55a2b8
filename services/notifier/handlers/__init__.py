"""What the notifier does about events, about what comes due, and about answers by link."""
