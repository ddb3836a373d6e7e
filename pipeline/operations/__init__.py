"""What operators do beside the flow: dead letters, model comparison, label export, doctor, local files."""
