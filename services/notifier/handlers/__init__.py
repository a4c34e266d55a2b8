"""What the notifier does about what it hears and what comes due."""
