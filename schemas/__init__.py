"""Event contracts, topics and the CloudEvents envelope. Imports no other package of FakeME."""
