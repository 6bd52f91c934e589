"""What a model can be trained for: one file each, all made into bundles the same way."""
