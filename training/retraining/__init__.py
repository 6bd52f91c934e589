"""From new labels to a challenger, unattended."""
