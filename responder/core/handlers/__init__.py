"""One module per request: a plain function of the request and a context."""
