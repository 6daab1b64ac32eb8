"""Application Auto Scaling: targets of ECS services, and what moves their counts."""
