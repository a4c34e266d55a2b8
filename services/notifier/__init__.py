"""The notifier service: sends notices to people and destinations, and records answers by action links."""
