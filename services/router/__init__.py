"""The router service: it receives, qualifies and assigns leads."""
