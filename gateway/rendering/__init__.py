"""Jobs made of files: videos, and pictures as well; where reading, fusing and writing meet."""
