"""An independent reference requester; shares no state code with the core."""
