"""The rules: plain Python that imports nothing of ours and no framework."""
