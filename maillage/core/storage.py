"""Static files with the fingerprint of their content in their names."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class FingerprintedStorage(ManifestStaticFilesStorage):
    """Imports between our JavaScript modules follow the fingerprints too."""

    support_js_module_import_aggregation = True
