"""What IAM refused, and the line of code that grants it."""
