"""What builds the things that are published: Binder's requirements, the site."""
