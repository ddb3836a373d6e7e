"""What `fakeme doctor` finds out about a machine and a set-up; findings only, printing is the command's."""
