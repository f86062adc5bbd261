"""What institutions do: saying that a CPTS is one, settling who is who."""
