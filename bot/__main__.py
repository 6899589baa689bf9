"""`amends` and `python -m bot`: the command line."""

from bot.cli.root import cli


def main() -> None:
    """Run the command line on this process's arguments; ends the process."""
    cli()


if __name__ == "__main__":
    main()
