"""What the speed claims rest on: programs that measure and print a table."""
