"""Crash tests: a real process is killed at a failpoint and restarted, and no lead or event is lost or repeated."""
