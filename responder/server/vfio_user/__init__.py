"""A PCI Express function for a virtual machine monitor, over the vfio-user protocol."""
