"""What-if: lifecycles on stations, played by a SimPy engine and by a compiled kernel that agree to the microsecond."""
