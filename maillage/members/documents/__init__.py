"""What becomes paper, a file or a calendar."""
