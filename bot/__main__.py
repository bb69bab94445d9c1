"""`python -m bot` is `downballot`."""

from bot.cli import main

main()
