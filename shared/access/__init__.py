"""Who may do what: API keys, webhook endpoints and destinations, in a schema of their own that every process reads."""
