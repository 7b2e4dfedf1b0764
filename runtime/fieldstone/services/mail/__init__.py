"""Mail: what is written in a Unit is sent after it, by a folder or an SMTP server."""
