"""What is learnt from: pictures of parts with their labels, and how they are divided."""
