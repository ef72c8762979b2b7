"""The device as PCI Express sees it: functions, their registers, IDE and TDISP."""
