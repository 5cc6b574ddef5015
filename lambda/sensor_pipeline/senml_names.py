"""What SenML calls its fields (RFC 8428): enough to tell its records from others."""

BASE = {"bn", "bt", "bu", "bv", "bs", "bver"}
VALUES = {"v", "vs", "vb", "vd"}
