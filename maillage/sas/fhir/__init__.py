"""Facts as FHIR resources."""
