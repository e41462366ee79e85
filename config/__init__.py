"""What an operator may set: settings, the broker's topology, and deployment files."""
