"""`python -m tricera upgrade`: programs of older Keras in the spelling of Keras 3, by the tables that run them."""
