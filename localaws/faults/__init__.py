"""What goes wrong on demand: faults that act until they are ended."""
