"""Services: what is asked of them, and the scheduler that makes it so."""
