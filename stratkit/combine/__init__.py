"""How several opinions become one."""
