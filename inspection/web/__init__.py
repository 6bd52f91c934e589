"""The web: screens that read the records, reviews that go to the desk; it never sees the line."""
