"""What a model is: a bundle with its card, its session, its findings, its registry."""
