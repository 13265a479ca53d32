"""`python -m whipsnake [options] script.py args`: runs a program as `python` would, compiled.

It starts the same Python again in this process's place with `-X whipsnake` before the program, so the program sees
what it would see without us: `sys.argv`, `sys.path`, `__main__`, exit codes, and tracebacks with its own frames only.
"""

import os
import sys

from whipsnake import SettingError, _start, settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

USAGE = """\
usage: python -m whipsnake [options] script.py [args]
       python -m whipsnake [options] -m module [args]
       python -m whipsnake [options] -c code [args]
       python -m whipsnake bisect [--timeout SECONDS] [options] script.py [args]
       python -m whipsnake bench [options] script.py [args]

Runs a Python program with its hot functions and loops compiled to machine code. `bisect` finds the function whose
compilation changes what a program does; `bench` measures how much faster a program or a suite runs (`bench --help`).

  --help     show this and exit
  --version  show the versions and whether the compiler can run here, and exit
"""

FOOTER = """\
A setting can be given as option, as keyword of whipsnake.enable(), with -X, or in the
environment; the keyword beats -X, and -X beats the environment.

To compile without -m:  WHIPSNAKE=1 python script.py,  python -X whipsnake script.py,
or  import whipsnake; whipsnake.enable().  WHIPSNAKE=0 keeps the compiler off whatever else is said.
"""


def help_text() -> str:
    """The whole of `--help`."""
    parts = [USAGE, "settings:"]
    for setting in settings.SETTINGS:
        value = "" if setting.is_flag else "=" + setting.name.rpartition("_")[2].upper()
        x_value = "" if setting.is_flag else "=…"
        shown = "1" if setting.is_flag else "…"
        parts.append(f"  {setting.option}{value}\n      {setting.meaning}")
        parts.append(f"      allowed: {setting.allowed}; default: {setting.show(setting.default)}")
        keyword = f"enable({setting.name}={'True' if setting.is_flag else '…'})"
        parts.append(f"      {keyword}, -X {setting.x_option}{x_value}, {setting.variable}={shown}")
    return "\n".join(parts) + "\n\n" + FOOTER


def version_text() -> str:
    """The whole of `--version`."""
    import whipsnake

    status = whipsnake.status()
    versions = status["versions"]
    line = f"whipsnake {versions['whipsnake']} on {versions['implementation']} {versions['python']}"
    return f"{line}\n{'available' if status['available'] else 'not available: ' + status['reason']}\n"


def parse(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    """Splits our arguments into `-X` options and the rest, which is Python's."""
    by_option = {setting.option: setting for setting in settings.SETTINGS}
    x_options = []
    rest = list(arguments)
    while rest and rest[0].startswith("--"):
        argument = rest.pop(0)
        name, equals, value = argument.partition("=")
        setting = by_option.get(name)
        if setting is None:
            usage_error(f"there is no option {name}")
        if not equals and setting.is_flag:
            value = "1"
        elif not equals:
            if not rest:
                usage_error(f"{name} needs a value: {setting.allowed}")
            value = rest.pop(0)
        try:
            setting.parse(value, name)
        except SettingError as error:
            usage_error(str(error))
        x_options.append(f"{setting.x_option}={value}")
    if rest and rest[0].startswith("-") and rest[0] != "-" and rest[0][:2] not in ("-m", "-c"):
        usage_error(f"there is no option {rest[0]} (options of Python itself go before -m whipsnake)")
    if rest[:1] in (["-m"], ["-c"]) and len(rest) == 1:
        usage_error(f"{rest[0]} needs an argument")
    return x_options, rest


def usage_error(line: str) -> "NoReturn":
    """One line and exit code 2, as for Python's own options."""
    _start.say(f"{line}; see python -m whipsnake --help")
    sys.exit(2)


def interpreter_options(original: "list[str]", count: int) -> "list[str] | None":
    """What stood before `-m whipsnake` on the command line, given how many arguments came after it.

    None if the command line doesn't look like that (Python is embedded in another program, say).
    """
    head = original[1 : len(original) - count]
    if not head or not head[-1].endswith("whipsnake"):
        return None
    # The module's name follows `m` in the same word, or is the next one; other one-letter options may share the word.
    letters = head.pop().removesuffix("whipsnake")
    if not letters:
        if not head:
            return None
        letters = head.pop()
    if not letters.startswith("-") or letters.startswith("--") or not letters.endswith("m"):
        return None
    return [*head, letters[:-1]] if len(letters) > 2 else head


def main() -> "NoReturn":
    """Starts Python again with the compiler on."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["--help"], ["-h"]):
        print(help_text(), end="")
        sys.exit(0)
    if arguments[:1] in (["--version"], ["-V"]):
        print(version_text(), end="")
        sys.exit(0)
    if arguments[:1] == ["bench"] and not os.path.isfile("bench"):
        measure(arguments[1:])
    bisecting = arguments[:1] == ["bisect"] and not os.path.isfile("bisect")
    if bisecting:
        timeout, arguments = bisect_options(arguments[1:])
    x_options, rest = parse(arguments)
    if bisecting and (not rest or rest == ["-"]):
        usage_error("bisect needs a program that can be run again: script.py, -m module or -c code")
    options = interpreter_options(sys.orig_argv, len(sys.argv) - 1)
    if options is None or not sys.executable:
        _start.say("can't tell how this Python was started; use -X whipsnake or WHIPSNAKE=1 instead")
        sys.exit(2)
    if not start_file_is_read():
        _start.say("whipsnake_start.pth isn't in site-packages, or -S is given; use whipsnake.enable() instead")
        sys.exit(2)
    if bisecting:
        from whipsnake import _bisect

        sys.exit(_bisect.main([sys.executable, *options], x_options, rest, timeout))
    command = [sys.executable, *options, "-X", "whipsnake"]
    for x_option in x_options:
        command += ["-X", x_option]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command + rest)


def measure(arguments: "list[str]") -> "NoReturn":
    """`bench`, which runs in this process and starts those that are measured."""
    from whipsnake.bench import cli

    options = interpreter_options(sys.orig_argv, len(sys.argv) - 1)
    if options is None or not sys.executable:
        _start.say("can't tell how this Python was started; start it as python -m whipsnake bench")
        sys.exit(2)
    sys.exit(cli.main(arguments, options))


def bisect_options(arguments: "list[str]") -> "tuple[float, list[str]]":
    """Takes the options that only `bisect` has."""
    from whipsnake import _bisect

    timeout = _bisect.DEFAULT_TIMEOUT
    rest = list(arguments)
    kept = []
    while rest and rest[0].startswith("--"):
        name, equals, value = rest.pop(0).partition("=")
        if name == "--help":
            print(_bisect.USAGE, end="")
            sys.exit(0)
        if name != "--timeout":
            kept.append(name + equals + value)
            # The value of a setting may be the next word.
            if not equals and rest and any(name == s.option and not s.is_flag for s in settings.SETTINGS):
                kept.append(rest.pop(0))
            continue
        if not equals:
            value = rest.pop(0) if rest else ""
        try:
            timeout = float(value)
        except ValueError:
            timeout = 0.0
        if not 0 < timeout < 1e9:
            usage_error(f"--timeout={value}: allowed is a number of seconds above 0")
    return timeout, kept + rest


def start_file_is_read() -> bool:
    """Whether the file that turns the compiler on at start-up is where `site` looks."""
    if sys.flags.no_site:
        return False
    import site

    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return any(os.path.exists(os.path.join(folder, "whipsnake_start.pth")) for folder in folders)


if __name__ == "__main__":
    main()
