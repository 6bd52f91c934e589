"""The layouts in which labelled pictures lie in folders, one file each."""
