"""The demo: runs the real system with simulated senders and reps. No other code depends on this package."""
