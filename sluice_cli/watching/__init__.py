"""New code in running functions as soon as a file is saved (`sluice watch`)."""
