"""What Concord thinks with: questions, contents, workers, statistics, and services over them."""
