"""What can be asked for, and where it is read from."""
