"""Archives, manifests, the layout on a host, and the transaction that switches a release."""
