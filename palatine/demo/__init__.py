"""`palatine demo`: the whole road, from an empty folder to nothing left, in under a minute."""

from palatine.demo.run import demo

__all__ = ["demo"]
