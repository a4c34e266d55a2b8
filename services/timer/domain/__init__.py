"""The timer's core: clocks, promises and rungs as plain values."""
