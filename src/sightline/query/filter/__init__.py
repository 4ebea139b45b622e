"""The filter language: text to a tree, the tree to what it means, that to SQL. See docs/formats/filter.md."""
