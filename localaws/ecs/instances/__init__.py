"""Container instances: what they have, what goes onto them."""
