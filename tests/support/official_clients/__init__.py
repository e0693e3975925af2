"""What the providers' own clients are asked to do with stub providers; see `trial.py`.

Nothing of ours is imported here, and no test runner: other generations of the clients run it too, in an
environment that has them and no more.
"""
