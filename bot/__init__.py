"""Starting up: settings, the composition root, the command line, health, logs, doctor, demo."""
