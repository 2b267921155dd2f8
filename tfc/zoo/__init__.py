"""Ready models, with the weights we trained."""
