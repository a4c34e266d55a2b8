"""The agreement as values: conditions, the file, what is executed of it."""
