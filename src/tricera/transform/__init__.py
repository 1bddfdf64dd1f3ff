"""What is done to weights of finished layers: small products added to them, fewer bits."""
