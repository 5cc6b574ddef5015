"""What tests of several systems share. Fixtures are in conftest.py."""
