"""A data set written in another layout: one file each, pictures placed and never encoded again."""
