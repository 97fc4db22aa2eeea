"""`python -m assets` is `voc`."""

from assets.command_line import main

main()
