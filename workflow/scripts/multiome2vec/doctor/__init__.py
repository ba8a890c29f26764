"""What an interrupted run left behind in a directory, and how to clear it away."""
