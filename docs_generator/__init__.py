"""The pages of the manual that are made from the code; `make generate` writes them anew."""
