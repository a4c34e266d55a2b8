"""What the console does with what it hears, and how it puts together what it shows."""
