"""Keys and what they seal: the instance's, one for each CPTS, sealed columns, sealing again."""
