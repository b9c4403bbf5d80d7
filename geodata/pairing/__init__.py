"""Two scenes become one pair: admissible, aligned, normalised."""
