"""API keys, webhook endpoints and destinations, in the schema `access`, which every process reads."""
