"""Business time: calendars, opening hours, holidays and deadlines."""
