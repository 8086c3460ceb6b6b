"""What pages and the command line call. Every call takes an `Identity` and checks it."""
