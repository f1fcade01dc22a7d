"""The table of faults: each row is a function with a decorator."""

BOTH = ("stream", "whole")
ONCE = ("-",)


class Skip(Exception):
    """The machine lacks a feature that the fault needs."""


class Fault:
    """A row: a fault, and the conditions that must hold afterwards."""

    def __init__(self, function, name, title, variants, quick, limit):
        self.function = function
        self.name = name
        self.title = title
        self.variants = variants
        self.quick = variants if quick is True else quick or ()
        self.limit = limit

    @property
    def family(self):
        return self.function.__module__


TABLE = []


def fault(name, title, variants=BOTH, quick=False, limit=20):
    """Add a row. `variants` are its variants, `quick` those that --quick runs (True: all), and `limit`
    the seconds after which it fails."""

    def add(function):
        TABLE.append(Fault(function, name, title, variants, quick, limit))
        return function

    return add
