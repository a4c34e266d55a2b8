"""What the router does about what it hears and what comes due: load, decide, save, say."""
