"""What OGC API Features asks of any store: filters, coordinate systems, forms of an answer. Free of HTTP and SQL."""
