//! End to end: the scenario runner and its native host.
