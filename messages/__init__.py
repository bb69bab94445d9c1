"""Every word said: one module per feature; functions take facts and return payloads."""
