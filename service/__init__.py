"""The service of Kancha: scenes, layers, scans and findings over HTTP, on the command line and by night."""
