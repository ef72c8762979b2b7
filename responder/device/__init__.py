"""What is emulated: slots with keys and certificates, measurements, vendor answers."""
