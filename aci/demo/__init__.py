"""Contracts of the demonstration: rows with the amounts that the rules give. Everything here is invented."""
