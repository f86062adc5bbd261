"""Parts of pages that the desk of a CPTS and the regulation (sas) share."""
