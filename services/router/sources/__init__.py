"""Webhook sources: what each sender sends, and how it is verified, parsed, mapped and answered. Pure functions."""
