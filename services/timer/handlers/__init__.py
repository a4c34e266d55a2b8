"""The timer's handlers of events and scheduled items: load, decide in the domain, save, emit."""
