"""Application Auto Scaling: the desired count of ECS services, kept in a range and scaled."""
