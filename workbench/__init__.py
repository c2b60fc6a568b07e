"""Show plans to planners and policy staff: the command line."""
