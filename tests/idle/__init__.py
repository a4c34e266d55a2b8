"""Tests of the database load of an idle system."""
