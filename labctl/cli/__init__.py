"""The command line: one module for each group of commands, loaded when it is asked for.

main      the one place that ends the command: errors become a message and an exit code
root      the command `labctl` itself: its options, its sections, its help
settings  what every command is given: options for all, the screen, the controller
screen    everything that is written to a terminal: data to stdout, narration to stderr

A command reads its arguments, calls one use-case and shows what came of it; it decides nothing.
Modules import `click` and the standard library at their top, all else inside functions, so that
`labctl --help` and `labctl COMMAND --help` answer at once (a test pins this).
"""
