"""The agreement file: parse, check, compile, render and sign it. Only the router and the CLI import this."""
