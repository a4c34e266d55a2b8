"""A process: its resources, the loops of its services, migrations, the ops API and the HTTP server."""
