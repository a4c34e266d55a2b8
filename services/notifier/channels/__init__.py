"""Ways to reach people and systems, one file for each."""
