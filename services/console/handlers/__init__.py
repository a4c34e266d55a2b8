"""The console's handlers: the projection of events into rows, and the queries behind the pages."""
