"""What training goes wrong by, noticed and said in one line each, with its cure."""
