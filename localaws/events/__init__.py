"""EventBridge's default bus: rules by pattern or schedule, and what becomes of an event."""
