"""Facts as dated data: conventions, prices."""
