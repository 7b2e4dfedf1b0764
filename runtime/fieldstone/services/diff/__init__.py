"""What differs between two versions of an app, for whoever uses its API, its rights and its data."""
