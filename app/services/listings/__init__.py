"""What is shown of each noun: one statement each, its columns labelled, by page or alone.

Rows, not entities: a list of 100 apps costs a third of what it does through the ORM.
"""

from app.services.listings import apps, dynos, events, formation, operations, releases

__all__ = ["apps", "dynos", "events", "formation", "operations", "releases"]
