"""What is kept: objects in S3, rows in PostgreSQL, and the migrations that shape them."""
