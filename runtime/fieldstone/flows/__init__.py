"""Things that take steps: flows, actions and hooks, run over the door."""
