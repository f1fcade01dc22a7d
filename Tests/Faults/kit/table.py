"""The table of faults: each row is a function with a decorator."""

BOTH = ("stream", "whole")
ONCE = ("-",)


class Skip(Exception):
    """The machine lacks what the fault needs; says what."""


class Fault:
    """One row: what is done to the gateway, and what must be true then."""

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
    """Adds a row. `variants` are what it is tried with, `quick` those of them that --quick tries (True: all), `limit`
    the seconds after which it has failed."""

    def add(function):
        TABLE.append(Fault(function, name, title, variants, quick, limit))
        return function

    return add
