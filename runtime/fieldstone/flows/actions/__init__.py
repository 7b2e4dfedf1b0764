"""Actions at work: what is sent is read, who may is asked, the body runs within one Unit, and what came of it is written down."""
