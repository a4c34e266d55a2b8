"""The benchmarks, each measured against a base in the same run: `python -m tests.bench [part ...] [--short]`."""
