"""Where imagery arrives: folders that are watched, object storage, catalogues of providers."""
