"""Groups of `voc` commands, one module a group; `assets.command_line` joins them."""
