"""SenML's field names (RFC 8428), as far as needed to recognize its records."""

BASE = {"bn", "bt", "bu", "bv", "bs", "bver"}
VALUES = {"v", "vs", "vb", "vd"}
