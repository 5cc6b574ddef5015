"""Fuzzing of the REST APIs on a local AWS: hostile and malformed requests, and checks of answers, logs and stored
objects.
"""
