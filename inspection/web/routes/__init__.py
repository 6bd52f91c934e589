"""One file per thing a screen asks for."""
