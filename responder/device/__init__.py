"""What is emulated below SPDM: slots, keys, measurements, DOE discovery."""
