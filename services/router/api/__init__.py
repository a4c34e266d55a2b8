"""The HTTP API of the router, one file for each kind of resource."""
