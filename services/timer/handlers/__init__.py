"""What the timer does about what it hears and what comes due: load, decide, save, say."""
