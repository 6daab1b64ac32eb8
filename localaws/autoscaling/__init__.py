"""EC2 Auto Scaling: groups of instances kept at the size they are wanted to have."""
