"""Records: what is kept of every judged part, and of what people said of it later."""
