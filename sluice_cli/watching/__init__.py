"""`sluice watch`: new code in deployed functions as soon as a file is saved."""
