"""What Concord thinks with: questions, contents, workers, statistics, and the services over them."""
