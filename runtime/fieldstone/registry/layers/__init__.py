"""Layers over what packages declare: overlays, how they are told apart from a package's words and laid over them again."""
