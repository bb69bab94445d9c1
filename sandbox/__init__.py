"""A Slack workspace in a box: Web API, Socket Mode and signed HTTP, faults, a web page."""
