"""Rules on a run that speak up, and who hears them."""
