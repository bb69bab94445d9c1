"""The lessons of the first seven days, one Markdown file a day, in the order of their names."""
