"""What holds a model, other than one file: folders, files of weights in several parts, and assets."""
