"""Reading what is to be imported: the bytes of a file become a sheet."""
