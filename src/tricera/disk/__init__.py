"""What stands on disk, and how it comes there."""
