"""The roads: each way of asking for a record, an object or a field, over whichever surface has the route."""
