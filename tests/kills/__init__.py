"""The real process is ended at named points, and started again: nothing is lost, nothing happens twice."""
