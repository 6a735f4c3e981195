# SPDX-License-Identifier: ISC
"""What a case is made of."""
import importlib
import pathlib

CASES = {}  # name: Case, in the order of definition


class Failed(Exception):
    """The case does not hold; the text says why."""


class Case:
    def __init__(self, name, function, machine, arguments=()):
        self.name = name
        self.function = function
        self.machine = machine
        self.arguments = arguments


def add(name, function, machine, *arguments):
    """One more case: FUNCTION(world, MACHINE, *ARGUMENTS)."""
    if name in CASES:
        raise ValueError(f"two cases named {name}")
    CASES[name] = Case(name, function, machine, arguments)


def case(machine="split"):
    """Decorator: the function is a case of its name, run on MACHINE."""
    def register(function):
        add(function.__name__, function, machine)
        return function
    return register


def expect(true, why):
    if not true:
        raise Failed(why)


def equal(got, wanted, what):
    expect(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def load():
    """Find all cases."""
    folder = pathlib.Path(__file__).with_name("cases")
    for file in sorted(folder.glob("*.py")):
        importlib.import_module(f"cases.{file.stem}")
    return CASES
