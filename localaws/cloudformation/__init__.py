"""CloudFormation: stacks created, updated, replaced, rolled back and deleted as AWS does it."""
