"""The console's tables and the functions that read and write them, one file for each noun."""
