"""What must hold: `checks` judge a history."""
