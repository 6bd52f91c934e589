"""The screens: read the records, append what people say, never touch the line."""
