"""Jobs made of files: films, and pictures as well; where reading, fusing and writing meet."""
