"""The graph of a model as a picture: boxes and arrows, laid out here or by Graphviz."""
