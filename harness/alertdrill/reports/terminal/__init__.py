"""What a person sees in a terminal; a console that cannot write Unicode gets plain ASCII."""
