"""The log and everything around it: tables, transactions and one file per noun."""
