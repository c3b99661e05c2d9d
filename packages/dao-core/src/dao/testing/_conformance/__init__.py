"""The kit's rules: one class per capability, one test per rule. The test's docstring is the rule."""
