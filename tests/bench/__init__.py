"""The bench: what the app costs, each figure beside a counterpart measured in the same run; `make bench`."""
