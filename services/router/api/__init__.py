"""The router's HTTP doors, one file for each kind of visitor."""
