"""The moderation worker: keeps the moderators' queue of cases."""
