"""The shadow: a challenger that judges beside the champion, in its own process, without a say."""
