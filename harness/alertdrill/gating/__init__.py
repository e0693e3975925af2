"""What a change of rules or routes did: which alerts it touched, and what they do before and after."""
