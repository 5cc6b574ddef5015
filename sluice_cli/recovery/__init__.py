"""Finding out what an interrupted deployment or a lost state left behind, and mending it."""
