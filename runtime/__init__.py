"""The C files that go into every firmware project."""
