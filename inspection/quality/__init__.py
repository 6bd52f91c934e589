"""Quality: studies of how well the station and its people tell bad parts from good ones."""
