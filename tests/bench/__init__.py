"""Measurements, paired inside one run: `python -m tests.bench [part ...] [--short]`."""
