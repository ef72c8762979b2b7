"""Drivers of the requester: sockets, DOE mailbox over qtest, in process."""
