"""Operator tasks: dead letters, model comparison, label export, doctor, detection on local files."""
