"""Requests that nobody would send by mistake, to the REST APIs on a local AWS, and what must not come of them."""
