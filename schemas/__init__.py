"""What flows: event contracts, topics and the CloudEvents envelope. Depends on nothing else here."""
