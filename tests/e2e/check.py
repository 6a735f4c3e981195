# SPDX-License-Identifier: ISC
"""What a case is made of."""
import fnmatch
import importlib
import pathlib

CASES = {}  # name: Case, in the order of definition
MANY = []  # (function, machine, {name: argument}): cases done many at once
BATCH = 32  # so many


class Failed(Exception):
    """The case does not hold; the text says why."""


class Case:
    """A function to call with the world and a machine; it raises Failed."""

    def __init__(self, name, function, machine, arguments=()):
        self.name = name
        self.names = (name,)  # of what is told a result
        self.function = function
        self.machine = machine
        self.arguments = arguments

    def run(self, world):
        """Why what failed, by name."""
        self.function(world, world.sender(self.machine), *self.arguments)
        return {}


class Batch(Case):
    """Several cases done at once by one function."""

    def __init__(self, name, function, machine, arguments):
        super().__init__(name, function, machine, (arguments,))
        self.names = tuple(arguments)

    def run(self, world):
        return self.function(world, world.sender(self.machine),
                             *self.arguments)


def add(name, function, machine, *arguments):
    """One more case: FUNCTION(world, MACHINE, *ARGUMENTS)."""
    if name in CASES:
        raise ValueError(f"two cases named {name}")
    CASES[name] = Case(name, function, machine, arguments)


def many(function, machine, arguments):
    """A case for each name in ARGUMENTS, to be done many at once.

    FUNCTION(world, MACHINE, part of ARGUMENTS) tells why some of the part
    failed, by name.
    """
    MANY.append((function, machine, arguments))


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


def batches(matches):
    """Those of MANY that match, every so many of them in one case."""
    for number, (function, machine, arguments) in enumerate(MANY):
        names = [name for name in arguments if matches(name)]
        count = -(-len(names) // BATCH)
        for part in range(count):  # slow neighbours come apart
            yield Batch(f"{machine}-{number}-{part}", function, machine, {
                name: arguments[name] for name in names[part::count]})


def selected(patterns):
    """Cases by patterns of their names: any of them, or all if none."""
    def matches(name):
        return not patterns or any(fnmatch.fnmatch(name, pattern)
                                   for pattern in patterns)
    load()
    return [*filter(lambda one: matches(one.name), CASES.values()),
            *batches(matches)]
