"""What each torch operator becomes, a table for each kind."""
