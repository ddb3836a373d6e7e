"""Pictures that explain a flagged media item: heat maps of faces and a timeline of a video's scores."""
