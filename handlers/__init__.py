"""Slack asks: one module of listeners per feature."""
