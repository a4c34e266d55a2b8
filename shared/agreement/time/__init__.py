"""Business time: calendars, what is open when, and due instants."""
