"""One suite over the embedded store and a remote one."""
