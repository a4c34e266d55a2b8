"""The router's handlers: load, decide in the domain, save and emit."""
