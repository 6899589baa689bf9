"""Reading and writing the operator's files: what goes wrong is a sentence with the cure."""

import os
import sys
import tempfile
from pathlib import Path

import click

from bot.settings import Wrong

STDIN = "-"


def read_bytes(name: str, *, most: int = 0) -> bytes:
    """A file's bytes, or those of standard input for `-`. Raises Wrong; `most` refuses larger ones."""
    if name == STDIN:
        data = sys.stdin.buffer.read(most + 1) if most else sys.stdin.buffer.read()
    else:
        try:
            with Path(name).open("rb") as file:
                data = file.read(most + 1) if most else file.read()
        except FileNotFoundError:
            raise Wrong(f"There is no file {name}. Check the name.") from None
        except IsADirectoryError:
            raise Wrong(f"{name} is a folder. Name a file in it.") from None
        except PermissionError:
            raise Wrong(f"{name} cannot be read: permission denied. Make it readable for this user.") from None
        except ValueError:
            raise Wrong("A file's name cannot hold a NUL character. Check the name.") from None
        except OSError as error:
            raise Wrong(f"{name} cannot be read: {error.strerror}.") from None
    if most and len(data) > most:
        raise Wrong(f"{called(name)} is larger than {most // 1_000_000} MB. Cut it down to the text that is meant.")
    return data


def read_text(name: str, *, most: int) -> str:
    """A UTF-8 text file exactly as it is: line ends and a byte order mark stay. Raises Wrong."""
    data = read_bytes(name, most=most)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        what = "UTF-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else f"not UTF-8 (byte {error.start + 1})"
        raise Wrong(f"{called(name)} is {what}. Save it as UTF-8 text.") from None


def called(name: str) -> str:
    """What a file is called in a sentence."""
    return "The text on standard input" if name == STDIN else name


def write(name: str, data: bytes) -> None:
    """Write a file whole or not at all; an earlier one of this name is replaced. Raises Wrong."""
    target = Path(name)
    if target.is_dir():
        raise Wrong(f"{name} is a folder. Name a file in it.")
    try:
        number, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise Wrong(f"{name} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise Wrong(f"{name} cannot be written: {error.strerror}.") from None


def hand_out(text: str, out: str | None) -> None:
    """Print a text, or write it to a file and say so."""
    if out is None or out == STDIN:
        click.echo(text, nl=not text.endswith("\n"))
        return
    write(out, (text if text.endswith("\n") else text + "\n").encode())
    click.echo(f"Written to {out}.", err=True)
