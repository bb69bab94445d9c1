"""Starting up: settings, the composition root, the command line, health, logs, doctor, demo."""

import gc

# Python looks for garbage in cycles whenever 700 objects more are there than before. What is loaded at the
# start stays, and what an answer needs goes without being looked for: both take a tenth less without looking.
gc.set_threshold(50_000, 20, 50)
