"""The routes: parse a request, call a use case, shape the answer."""
