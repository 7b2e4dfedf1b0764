"""Jobs: imports of many rows, done beside the requests, portion by portion."""
