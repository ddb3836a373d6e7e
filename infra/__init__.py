"""The local stack, and the monitoring and deployment files."""
