"""The demo: it runs the real system with simulated senders and reps. No other code depends on it."""
