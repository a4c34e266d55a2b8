"""What an idle system costs."""
