"""Background work: jobs enqueued in the transaction, the worker, what ends by itself."""
