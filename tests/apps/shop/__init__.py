"""shop - what the Django shop and the Flask shop have in common."""
