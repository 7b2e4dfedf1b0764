"""What goes on while an app runs: its declarations are read again, in one process and in several, and requests are answered."""
