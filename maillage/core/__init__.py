"""Ground floor: errors, dates, money, text, bulk loading, jobs, the page shell. No domain."""
