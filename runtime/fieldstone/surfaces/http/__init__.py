"""What every face over HTTP shares: requests and answers as values, limits, errors, credentials, the log line."""
