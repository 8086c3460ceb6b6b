"""Statistics: functions of one table that return an `Estimate`."""
